'use client'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { rateLimitSchema } from '#lib/schemas/encryption.ts'

const MIB = 1_048_576

/** Bytes a second; null is without a limit. */
export type RateLimit = number | null | 'invalid'

interface RateLimitFieldProps {
  value: RateLimit
  onChange: (limit: RateLimit) => void
}

/** Mebibytes a second, in the decimals of either language; empty is no limit. */
export function RateLimitField({ value, onChange }: RateLimitFieldProps) {
  const t = useTranslations('protection')
  const [text, setText] = useState(typeof value === 'number' ? String(value / MIB) : '')

  function change(next: string) {
    setText(next)
    onChange(parse(next))
  }

  return (
    <Field label={t('rateLimit')} hint={t('rateLimitHint')} error={value === 'invalid' && t('rateLimitInvalid')}>
      {(ids) => (
        <span className="flex items-center gap-2">
          <Input
            {...ids}
            inputMode="decimal"
            autoComplete="off"
            value={text}
            onChange={(event) => change(event.target.value)}
            className="w-32"
          />
          <span className="text-ink-soft">{t('rateUnit')}</span>
        </span>
      )}
    </Field>
  )
}

function parse(text: string): RateLimit {
  if (text.trim() === '') return null
  const limit = rateLimitSchema.safeParse(Math.round(Number(text.trim().replace(',', '.')) * MIB))
  return limit.success ? limit.data : 'invalid'
}
