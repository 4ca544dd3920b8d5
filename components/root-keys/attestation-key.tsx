'use client'
import { useTranslations } from 'use-intl'
import { CopyValue } from '#components/shared/copy-value.tsx'
import { Card } from '#components/ui/card.tsx'
import type { SigningKey } from '#lib/schemas/installation-encryption.ts'

/** With what the service signs what it states: to be noted apart from the documents. */
export function AttestationKey({ signingKey }: { signingKey: SigningKey }) {
  const t = useTranslations('rootKeys')
  return (
    <Card className="grid gap-3 p-5">
      <div className="grid gap-0.5">
        <h2 className="font-semibold">{t('signingKey')}</h2>
        <p className="text-pretty text-ink-soft">{t('signingKeyText')}</p>
      </div>
      <dl className="grid gap-2">
        <CopyValue label={t('publicKey')} value={signingKey.publicKey} copyLabel={t('copyPublicKey')} />
        <CopyValue label={t('keyId')} value={signingKey.keyId} copyLabel={t('copyKeyId')} />
      </dl>
    </Card>
  )
}
