'use client'
import { LockKeyhole, LockKeyholeOpen } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'use-intl'
import { EncryptionSwitch } from '#components/encryption/encryption-switch.tsx'
import { CoverageBar } from '#components/namespaces/coverage-bar.tsx'
import { NamespaceFigures } from '#components/namespaces/namespace-figures.tsx'
import { Card } from '#components/ui/card.tsx'
import { cn } from '#lib/cn.ts'
import type { Namespace } from '#lib/schemas/namespaces.ts'

/** One tenant: what it holds, and what of that is encrypted. */
export function NamespaceCard({ namespace }: { namespace: Namespace }) {
  const t = useTranslations()
  const { name, displayName, encryption } = namespace
  const Lock = encryption.mode === 'on' ? LockKeyhole : LockKeyholeOpen
  return (
    <Card className="grid gap-x-8 gap-y-5 p-5 lg:grid-cols-[minmax(0,1fr)_minmax(0,1.15fr)]">
      <div className="grid content-between gap-5">
        <div>
          <h2 className="break-words font-semibold text-base">
            <Link
              href={`/admin/namespaces/${encodeURIComponent(name)}`}
              className="rounded-sm underline-offset-4 hover:underline"
            >
              {displayName}
            </Link>
          </h2>
          <p className="break-all font-mono text-ink-soft text-xs">{name}</p>
        </div>
        <NamespaceFigures namespace={namespace} />
      </div>
      <section
        className="grid content-start gap-3 rounded-xl bg-sunken p-4"
        aria-label={`${t('namespaces.encryption')} – ${name}`}
      >
        <div className="flex items-center justify-between gap-4">
          <h3 className="flex items-center gap-2 font-medium">
            <Lock
              aria-hidden
              className={cn('size-4 shrink-0', encryption.mode === 'on' ? 'text-good' : 'text-ink-soft')}
            />
            {t('namespaces.encryption')}
          </h3>
          <EncryptionSwitch name={name} mode={encryption.mode} stored={encryption} />
        </div>
        <p className="text-pretty text-ink-soft text-xs" data-testid="encryption-state" data-state={encryption.state}>
          {t(`namespaces.state.${encryption.state}`)}
        </p>
        <CoverageBar name={name} encryption={encryption} />
      </section>
    </Card>
  )
}
