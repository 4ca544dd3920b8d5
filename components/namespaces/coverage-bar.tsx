'use client'
import { useTranslations } from 'use-intl'
import { ShareMeter } from '#components/shared/share-meter.tsx'
import { useFormat } from '#components/shared/use-format.ts'
import { encryptedShare } from '#lib/encrypted-share.ts'
import type { Namespace } from '#lib/schemas/namespaces.ts'

/** The encrypted share of the bytes that are stored, whatever the switch says. */
export function CoverageBar({ name, encryption }: Pick<Namespace, 'name' | 'encryption'>) {
  const t = useTranslations()
  const format = useFormat()
  const share = encryptedShare(encryption)
  if (share === null) return <p className="text-ink-soft text-xs">{t('namespaces.nothingStored')}</p>
  const { encryptedBytes, plainBytes } = encryption
  return (
    <div className="grid gap-1.5">
      <ShareMeter name={name} share={share} coverage={encryption} className="font-medium" />
      <p className="text-ink-soft text-xs tabular-nums">
        {t('encryption.coverage', { sealed: format.bytes(encryptedBytes), plain: format.bytes(plainBytes) })}
      </p>
    </div>
  )
}
