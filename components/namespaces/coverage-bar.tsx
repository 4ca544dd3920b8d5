'use client'
import { Meter } from '@base-ui/react/meter'
import { useTranslations } from 'use-intl'
import { useFormat } from '#components/shared/use-format.ts'
import type { Namespace } from '#lib/schemas/namespaces.ts'

/** The encrypted share of the bytes that are stored, whatever the switch says. */
export function CoverageBar({
  name,
  encryption: { encryptedBytes, plainBytes },
}: Pick<Namespace, 'name' | 'encryption'>) {
  const t = useTranslations()
  const format = useFormat()
  const total = encryptedBytes + plainBytes
  if (total === 0) return <p className="text-ink-soft text-xs">{t('namespaces.nothingStored')}</p>
  const share = encryptedBytes / total
  const text = t('encryption.coverage', { sealed: format.bytes(encryptedBytes), plain: format.bytes(plainBytes) })
  return (
    <Meter.Root
      value={share * 100}
      aria-valuetext={text}
      aria-label={t('namespaces.coverageLabel', { name })}
      className="grid gap-1.5"
    >
      <Meter.Track className="h-2 overflow-hidden rounded-full bg-warn/25 ring-1 ring-line ring-inset">
        <Meter.Indicator className="bg-good" />
      </Meter.Track>
      <span className="flex flex-wrap justify-between gap-x-3 text-ink-soft text-xs tabular-nums">
        <span>{text}</span>
        {/* Rounded down: "100 %" is said only when nothing is plain. */}
        <span className="font-medium text-ink">{format.percent(Math.floor(share * 100) / 100)}</span>
      </span>
    </Meter.Root>
  )
}
