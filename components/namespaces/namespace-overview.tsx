'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useTranslations } from 'use-intl'
import { CoverageBar } from '#components/namespaces/coverage-bar.tsx'
import { NamespaceFigures } from '#components/namespaces/namespace-figures.tsx'
import { namespaceQuery } from '#components/namespaces/queries.ts'
import { SignaturesCard } from '#components/namespaces/signatures-card.tsx'
import { buttonClass } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'

/** What a namespace holds, and what of it is settled here. */
export function NamespaceOverview({ name }: { name: string }) {
  const t = useTranslations()
  const { data: namespace } = useQuery(namespaceQuery(name))
  if (namespace === undefined) return <Skeleton className="h-64" />
  return (
    <div className="grid gap-3 lg:grid-cols-2">
      <Card className="p-5 lg:col-span-2">
        <NamespaceFigures namespace={namespace} />
      </Card>
      <Card className="grid content-start gap-3 p-5">
        <h2 className="font-semibold text-base">{t('namespaces.encryption')}</h2>
        <p className="text-pretty text-ink-soft">{t(`namespaces.state.${namespace.encryption.state}`)}</p>
        <CoverageBar name={name} encryption={namespace.encryption} />
        <Link
          href={`/admin/namespaces/${encodeURIComponent(name)}/encryption`}
          className={`${buttonClass()} mt-1 w-fit`}
        >
          {t('namespace.manageEncryption')}
        </Link>
      </Card>
      <SignaturesCard namespace={namespace} />
    </div>
  )
}
