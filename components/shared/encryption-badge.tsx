'use client'
import { LockKeyhole, LockKeyholeOpen } from 'lucide-react'
import { useTranslations } from 'use-intl'
import { useFormat } from '#components/shared/use-format.ts'
import { Badge } from '#components/ui/badge.tsx'
import type { Bucket } from '#lib/schemas/buckets.ts'

export function SealedBadge({ sealed }: { sealed: boolean }) {
  const t = useTranslations('encryption')
  return (
    <Badge tone={sealed ? 'good' : 'neutral'} title={t(sealed ? 'sealedHint' : 'plainHint')}>
      {sealed ? <LockKeyhole aria-hidden /> : <LockKeyholeOpen aria-hidden />}
      {t(sealed ? 'sealed' : 'plain')}
    </Badge>
  )
}

/** What the stored bytes say, not what the switch says; only where nothing is stored does the switch speak. */
export function CoverageBadge({ encryption: { mode, coverage } }: Pick<Bucket, 'encryption'>) {
  const t = useTranslations('encryption')
  const format = useFormat()
  const { sealedBytes, plainBytes } = coverage
  if (sealedBytes + plainBytes === 0) {
    return (
      <Badge>
        {mode === 'on' ? <LockKeyhole aria-hidden /> : <LockKeyholeOpen aria-hidden />}
        {t(mode === 'on' ? 'emptyOn' : 'emptyOff')}
      </Badge>
    )
  }
  if (plainBytes === 0 || sealedBytes === 0) return <SealedBadge sealed={plainBytes === 0} />
  const share = sealedBytes / (sealedBytes + plainBytes)
  return (
    <Badge tone="warn" title={t('coverage', { sealed: format.bytes(sealedBytes), plain: format.bytes(plainBytes) })}>
      <LockKeyhole aria-hidden />
      {t('partly', { percent: format.percent(Math.floor(share * 100) / 100) })}
    </Badge>
  )
}
