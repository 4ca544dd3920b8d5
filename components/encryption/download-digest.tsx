'use client'
import { useTranslations } from 'use-intl'
import { CopyValue } from '#components/shared/copy-value.tsx'

/** With which whoever receives a downloaded document tells that it is the same. */
export function DownloadDigest({ sha256 }: { sha256: string | undefined }) {
  const t = useTranslations('protection.attestation')
  if (sha256 === undefined) return null
  return (
    <dl>
      <CopyValue label={t('sha256')} value={sha256} copyLabel={t('copySha256')} />
    </dl>
  )
}
