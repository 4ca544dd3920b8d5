'use client'
import { useTranslations } from 'use-intl'
import { CopyButton } from '#components/shared/copy-button.tsx'
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
        <Value label={t('publicKey')} value={signingKey.publicKey} copyLabel={t('copyPublicKey')} />
        <Value label={t('keyId')} value={signingKey.keyId} copyLabel={t('copyKeyId')} />
      </dl>
    </Card>
  )
}

function Value({ label, value, copyLabel }: { label: string; value: string; copyLabel: string }) {
  return (
    <div className="grid gap-0.5">
      <dt className="text-ink-soft text-xs">{label}</dt>
      <dd className="flex items-center gap-1">
        <span className="min-w-0 grow break-all font-mono text-xs leading-5">{value}</span>
        <CopyButton text={value} label={copyLabel} />
      </dd>
    </div>
  )
}
