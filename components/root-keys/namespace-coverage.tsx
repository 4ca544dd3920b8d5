'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useTranslations } from 'use-intl'
import { CoverageBar } from '#components/namespaces/coverage-bar.tsx'
import { namespaceListQuery } from '#components/namespaces/queries.ts'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'
import type { Namespace } from '#lib/schemas/namespaces.ts'

/** The encrypted share of each namespace. */
export function NamespaceCoverage() {
  const t = useTranslations()
  const query = useInfiniteQuery(namespaceListQuery(''))
  const namespaces = query.data?.pages.flatMap((page) => page.namespaces)
  return (
    <Card>
      <h2 className="px-5 pt-4 pb-2 font-semibold">{t('rootKeys.coverage')}</h2>
      {query.error !== null && namespaces === undefined && (
        <div className="px-5 pb-5">
          <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
        </div>
      )}
      {query.isPending && <Skeleton className="mx-5 mb-5 h-24" />}
      {namespaces?.length === 0 && <p className="px-5 pb-5 text-ink-soft">{t('rootKeys.noNamespaces')}</p>}
      <ul className="divide-y divide-line">
        {namespaces?.map((namespace) => (
          <NamespaceRow key={namespace.name} namespace={namespace} />
        ))}
      </ul>
      {query.hasNextPage && (
        <div className="border-line border-t p-3 text-center">
          <Button size="small" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t('common.loadMore')}
          </Button>
        </div>
      )}
    </Card>
  )
}

function NamespaceRow({ namespace: { name, displayName, encryption } }: { namespace: Namespace }) {
  const t = useTranslations('namespaces')
  return (
    <li className="relative grid items-center gap-x-6 gap-y-2 px-5 py-3.5 hover:bg-hover sm:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
      <div className="grid min-w-0 gap-0.5">
        <Link
          href={`/admin/namespaces/${encodeURIComponent(name)}/encryption`}
          className="truncate font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-focus focus-visible:after:-outline-offset-2"
        >
          {displayName}
        </Link>
        <p className="text-pretty text-ink-soft text-xs">{t(`state.${encryption.state}`)}</p>
      </div>
      <CoverageBar name={name} encryption={encryption} />
    </li>
  )
}
