'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Boxes, Plus, SearchX } from 'lucide-react'
import { parseAsString, useQueryState } from 'nuqs'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { CreateNamespaceSheet } from '#components/namespaces/create-namespace-sheet.tsx'
import { NamespaceCard } from '#components/namespaces/namespace-card.tsx'
import { namespaceListQuery } from '#components/namespaces/queries.ts'
import { EmptyState } from '#components/shared/empty-state.tsx'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { LoadMore } from '#components/shared/load-more.tsx'
import { PageHeader } from '#components/shared/page-header.tsx'
import { SearchField } from '#components/shared/search-field.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'

export function NamespacesScreen() {
  const t = useTranslations()
  const [search, setSearch] = useQueryState('search', parseAsString.withDefault(''))
  const [creating, setCreating] = useState(false)
  const query = useInfiniteQuery(namespaceListQuery(search))
  const namespaces = query.data?.pages.flatMap((page) => page.namespaces)

  return (
    <>
      <PageHeader
        title={t('namespaces.title')}
        lead={t('namespaces.lead')}
        actions={
          <Button variant="primary" onClick={() => setCreating(true)}>
            <Plus aria-hidden />
            {t('namespaces.create')}
          </Button>
        }
      />
      <SearchField
        label={t('namespaces.search')}
        value={search}
        onChange={(text) => void setSearch(text)}
        className="mb-3 w-full sm:w-72"
      />
      {query.error !== null && <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />}
      <div className="grid gap-3">
        {query.isPending && <Skeleton className="h-44" />}
        {namespaces?.map((namespace) => (
          <NamespaceCard key={namespace.name} namespace={namespace} />
        ))}
      </div>
      {namespaces?.length === 0 && (
        <Card>
          {search === '' ? (
            <EmptyState icon={<Boxes />} title={t('namespaces.emptyTitle')} text={t('namespaces.emptyText')} />
          ) : (
            <EmptyState
              icon={<SearchX />}
              title={t('namespaces.noMatchTitle')}
              text={t('namespaces.noMatchText', { search })}
            />
          )}
        </Card>
      )}
      <LoadMore query={query} className="mx-auto mt-4" />
      <CreateNamespaceSheet open={creating} onOpenChange={setCreating} />
    </>
  )
}
