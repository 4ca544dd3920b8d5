'use client'
import { Meter } from '@base-ui/react/meter'
import { useTranslations } from 'use-intl'
import { ByteSize } from '#components/shared/byte-size.tsx'
import { useFormat } from '#components/shared/use-format.ts'

interface Stored {
  bytes: number
  count: number
}

interface ShareBarProps {
  label: string
  encrypted: Stored
  plain: Stored
}

/** The encrypted share of what is stored, by bytes, with both sides told in bytes and objects. */
export function ShareBar({ label, encrypted, plain }: ShareBarProps) {
  const t = useTranslations()
  const format = useFormat()
  const total = encrypted.bytes + plain.bytes
  const count = encrypted.count + plain.count
  if (count === 0) return <p className="text-ink-soft">{t('namespaces.nothingStored')}</p>
  // Where every object is empty, their number speaks.
  const share = total === 0 ? encrypted.count / count : encrypted.bytes / total
  const text = t('encryption.coverage', { sealed: format.bytes(encrypted.bytes), plain: format.bytes(plain.bytes) })
  return (
    <div className="grid gap-3">
      <Meter.Root value={share * 100} aria-label={label} aria-valuetext={text} className="flex items-center gap-3">
        <Meter.Track className="h-2.5 grow overflow-hidden rounded-full bg-warn/25 ring-1 ring-line ring-inset">
          <Meter.Indicator className="bg-good transition-[width] duration-500" />
        </Meter.Track>
        {/* Rounded down: "100 %" is said only when nothing is plain. */}
        <span className="w-12 text-right font-semibold tabular-nums">
          {format.percent(Math.floor(share * 100) / 100)}
        </span>
      </Meter.Root>
      <dl className="flex flex-wrap gap-x-8 gap-y-2">
        <Side swatch="bg-good" label={t('encryption.sealed')} stored={encrypted} />
        <Side swatch="bg-warn/40 ring-1 ring-warn/40 ring-inset" label={t('encryption.plain')} stored={plain} />
      </dl>
    </div>
  )
}

function Side({ swatch, label, stored }: { swatch: string; label: string; stored: Stored }) {
  const t = useTranslations('protection')
  return (
    <div className="flex flex-wrap items-baseline gap-x-2">
      <dt className="flex items-baseline gap-2 text-ink-soft">
        <span aria-hidden className={`size-2.5 shrink-0 translate-y-px rounded-[3px] ${swatch}`} />
        {label}
      </dt>
      <dd>
        <span className="font-medium">
          <ByteSize bytes={stored.bytes} />
        </span>{' '}
        <span className="whitespace-nowrap text-ink-soft tabular-nums">
          {t('objectCount', { count: stored.count })}
        </span>
      </dd>
    </div>
  )
}
