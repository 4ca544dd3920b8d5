'use client'
import { ShieldCheck, TriangleAlert, Vault } from 'lucide-react'
import { useTranslations } from 'use-intl'
import { Badge } from '#components/ui/badge.tsx'
import { Card } from '#components/ui/card.tsx'
import type { InstallationEncryption } from '#lib/schemas/installation-encryption.ts'

type ProviderCardProps = Pick<InstallationEncryption, 'provider' | 'fips'>

/** Who keeps the root key, where, and whether it answers. */
export function ProviderCard({ provider, fips }: ProviderCardProps) {
  const t = useTranslations('rootKeys')
  const { kind, location, health, detail } = provider
  return (
    <Card className="flex flex-wrap items-start gap-x-4 gap-y-3 p-5">
      <span
        aria-hidden
        className="flex size-11 shrink-0 items-center justify-center rounded-xl bg-accent-soft text-accent-ink ring-1 ring-accent/25 ring-inset"
      >
        <Vault className="size-5" />
      </span>
      <div className="grid min-w-0 flex-1 basis-60 gap-1">
        <h2 className="font-semibold text-lg tracking-tight">{t(`kind.${kind}`)}</h2>
        <p className="break-all font-mono text-ink-soft text-xs">{location}</p>
        <p className="text-pretty text-ink-soft">{t(`kindText.${kind}`)}</p>
        {health === 'unreachable' && (
          <p role="alert" className="mt-1 rounded-lg bg-bad-soft p-3 text-bad">
            {t('unreachableText')}
            {detail !== null && <span className="mt-1 block break-words font-mono text-xs">{detail}</span>}
          </p>
        )}
      </div>
      <div className="flex flex-wrap gap-2">
        <Badge tone={health === 'ok' ? 'good' : 'bad'}>
          {health === 'ok' ? <ShieldCheck aria-hidden /> : <TriangleAlert aria-hidden />}
          {t(`health.${health}`)}
        </Badge>
        <Badge tone={fips ? 'good' : 'neutral'} title={t(fips ? 'fipsOnHint' : 'fipsOffHint')}>
          {t(fips ? 'fipsOn' : 'fipsOff')}
        </Badge>
      </div>
    </Card>
  )
}
