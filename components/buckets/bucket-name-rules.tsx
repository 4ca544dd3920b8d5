'use client'
import { Check, Circle, X } from 'lucide-react'
import { useTranslations } from 'use-intl'
import { BUCKET_NAME_RULES } from '#lib/schemas/bucket-name.ts'

/** The rules of a bucket's name, ticked while it is typed; nothing is red before there is something to judge. */
export function BucketNameRules({ name }: { name: string }) {
  const t = useTranslations('buckets')
  return (
    <ul aria-label={t('rules')} className="grid gap-1.5 rounded-lg bg-sunken p-3 text-xs">
      {BUCKET_NAME_RULES.map(({ id, holds }) => {
        const state = name === '' ? 'open' : holds(name) ? 'held' : 'broken'
        return (
          <li
            key={id}
            data-state={state}
            className="flex items-center gap-2 text-ink-soft data-[state=broken]:text-bad"
          >
            {state === 'open' && <Circle aria-hidden className="size-3.5" />}
            {state === 'held' && <Check aria-hidden className="size-3.5 text-good" strokeWidth={3} />}
            {state === 'broken' && <X aria-hidden className="size-3.5" strokeWidth={3} />}
            <span>{t(`rule.${id}`)}</span>
            {state !== 'open' && <span className="sr-only">({t(state === 'held' ? 'ruleHeld' : 'ruleBroken')})</span>}
          </li>
        )
      })}
    </ul>
  )
}
