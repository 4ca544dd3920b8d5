'use client'
import { useTranslations } from 'use-intl'
import { ByteSize } from '#components/shared/byte-size.tsx'
import { ShareMeter } from '#components/shared/share-meter.tsx'
import { type Coverage, encryptedShare } from '#lib/encrypted-share.ts'

interface ShareBarProps {
  /** The namespace's. */
  name: string
  coverage: Required<Coverage>
}

/** The encrypted share of what is stored, by bytes, with both sides told in bytes and objects. */
export function ShareBar({ name, coverage }: ShareBarProps) {
  const t = useTranslations()
  const share = encryptedShare(coverage)
  if (share === null) return <p className="text-ink-soft">{t('namespaces.nothingStored')}</p>
  const { encryptedBytes, encryptedCount, plainBytes, plainCount } = coverage
  return (
    <div className="grid gap-3">
      <ShareMeter name={name} share={share} coverage={coverage} className="font-semibold text-sm" />
      <dl className="flex flex-wrap gap-x-8 gap-y-2">
        <Side swatch="bg-good" label={t('encryption.sealed')} bytes={encryptedBytes} count={encryptedCount} />
        <Side
          swatch="bg-warn/40 ring-1 ring-warn/40 ring-inset"
          label={t('encryption.plain')}
          bytes={plainBytes}
          count={plainCount}
        />
      </dl>
    </div>
  )
}

interface SideProps {
  swatch: string
  label: string
  bytes: number
  count: number
}

function Side({ swatch, label, bytes, count }: SideProps) {
  const t = useTranslations('protection')
  return (
    <div className="flex flex-wrap items-baseline gap-x-2">
      <dt className="flex items-baseline gap-2 text-ink-soft">
        <span aria-hidden className={`size-2.5 shrink-0 translate-y-px rounded-[3px] ${swatch}`} />
        {label}
      </dt>
      <dd>
        <span className="font-medium">
          <ByteSize bytes={bytes} />
        </span>{' '}
        <span className="whitespace-nowrap text-ink-soft tabular-nums">{t('objectCount', { count })}</span>
      </dd>
    </div>
  )
}
