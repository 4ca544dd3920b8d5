'use client'
import { LockKeyhole, LockKeyholeOpen } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import { CoverageBar } from '#components/namespaces/coverage-bar.tsx'
import { EncryptionSwitch } from '#components/namespaces/encryption-switch.tsx'
import { ByteSize } from '#components/shared/byte-size.tsx'
import { RelativeTime } from '#components/shared/relative-time.tsx'
import { useFormat } from '#components/shared/use-format.ts'
import { Card } from '#components/ui/card.tsx'
import type { Namespace } from '#lib/schemas/namespaces.ts'

/** One tenant: what it holds, and what of that is encrypted. */
export function NamespaceCard({ namespace }: { namespace: Namespace }) {
  const t = useTranslations()
  const format = useFormat()
  const { name, displayName, encryption } = namespace
  const Lock = encryption.mode === 'on' ? LockKeyhole : LockKeyholeOpen
  return (
    <Card className="grid gap-x-8 gap-y-5 p-5 lg:grid-cols-[minmax(0,1fr)_minmax(0,1.15fr)]">
      <div className="grid content-between gap-5">
        <div>
          <h2 className="break-words font-semibold text-base">{displayName}</h2>
          <p className="break-all font-mono text-ink-soft text-xs">{name}</p>
        </div>
        <dl className="flex flex-wrap gap-x-8 gap-y-3">
          <Figure label={t('namespaces.buckets')}>{format.count(namespace.bucketCount)}</Figure>
          <Figure label={t('namespaces.objects')}>{format.count(namespace.objectCount)}</Figure>
          <Figure label={t('common.size')}>
            <ByteSize bytes={namespace.sizeBytes} />
          </Figure>
          <Figure label={t('namespaces.created')}>
            <RelativeTime iso={namespace.createdAt} />
          </Figure>
        </dl>
      </div>
      <section
        className="grid content-start gap-3 rounded-xl bg-sunken p-4"
        aria-label={`${t('namespaces.encryption')} – ${name}`}
      >
        <div className="flex items-center justify-between gap-4">
          <h3 className="flex items-center gap-2 font-medium">
            <Lock aria-hidden className={encryption.mode === 'on' ? 'size-4 text-good' : 'size-4 text-ink-soft'} />
            {t('namespaces.encryption')}
          </h3>
          <EncryptionSwitch namespace={namespace} />
        </div>
        <p className="text-pretty text-ink-soft text-xs" data-testid="encryption-state" data-state={encryption.state}>
          {t(`namespaces.state.${encryption.state}`)}
        </p>
        <CoverageBar name={name} encryption={encryption} />
      </section>
    </Card>
  )
}

function Figure({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid gap-0.5">
      <dt className="text-ink-soft text-xs">{label}</dt>
      <dd className="font-medium tabular-nums">{children}</dd>
    </div>
  )
}
