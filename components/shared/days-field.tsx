'use client'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'

interface DaysFieldProps {
  label: string
  /** Null while what is typed is no whole number of the range. */
  value: number | null
  onChange: (days: number | null) => void
  range: { min: number; max: number }
}

export function DaysField({ label, value, onChange, range }: DaysFieldProps) {
  const t = useTranslations('common')
  const [text, setText] = useState(String(value ?? ''))
  const note = t('daysRange', { min: String(range.min), max: String(range.max) })

  function change(next: string) {
    setText(next)
    const days = Number(next)
    onChange(/^\d+$/.test(next) && days >= range.min && days <= range.max ? days : null)
  }

  return (
    <Field label={label} hint={note} error={value === null && note}>
      {(ids) => (
        <Input
          {...ids}
          inputMode="numeric"
          value={text}
          onChange={(event) => change(event.target.value)}
          className="w-28"
        />
      )}
    </Field>
  )
}
