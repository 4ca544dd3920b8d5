'use client'
import { Search, X } from 'lucide-react'
import { useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import { Input } from '#components/ui/input.tsx'
import { cn } from '#lib/cn.ts'

const PAUSE_MS = 180

interface SearchFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
  className?: string
}

/** Reports what was typed after a short pause, so that a list is asked for once a word and not once a letter. */
export function SearchField({ label, value, onChange, className }: SearchFieldProps) {
  const t = useTranslations('common')
  const [draft, setDraft] = useState<string | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const shown = draft ?? value

  function settle(text: string) {
    clearTimeout(timer.current)
    setDraft(null)
    onChange(text)
  }

  function type(text: string) {
    clearTimeout(timer.current)
    setDraft(text)
    timer.current = setTimeout(() => settle(text), PAUSE_MS)
  }

  return (
    <search className={cn('relative min-w-0', className)}>
      <Search aria-hidden className="pointer-events-none absolute top-2.5 left-3 size-4 text-ink-soft" />
      <Input
        type="text"
        role="searchbox"
        aria-label={label}
        placeholder={label}
        maxLength={200}
        autoComplete="off"
        spellCheck={false}
        value={shown}
        onChange={(event) => type(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && settle('')}
        className="pr-9 pl-9"
      />
      {shown !== '' && (
        <button
          type="button"
          aria-label={t('clearSearch')}
          onClick={() => settle('')}
          className="absolute top-1.5 right-1.5 flex size-6 items-center justify-center rounded-md text-ink-soft hover:bg-hover hover:text-ink"
        >
          <X aria-hidden className="size-4" />
        </button>
      )}
    </search>
  )
}
