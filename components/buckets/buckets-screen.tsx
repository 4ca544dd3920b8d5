'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Container, Plus, SearchX } from 'lucide-react'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { BucketTable } from '#components/buckets/bucket-table.tsx'
import { CreateBucketSheet } from '#components/buckets/create-bucket-sheet.tsx'
import { DeleteBucketDialog } from '#components/buckets/delete-bucket-dialog.tsx'
import { type BucketList, bucketListQuery } from '#components/buckets/queries.ts'
import { EmptyState } from '#components/shared/empty-state.tsx'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { LoadMore } from '#components/shared/load-more.tsx'
import { PageHeader } from '#components/shared/page-header.tsx'
import { SearchField } from '#components/shared/search-field.tsx'
import { TableSkeleton } from '#components/shared/table-skeleton.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import type { Bucket } from '#lib/schemas/buckets.ts'

const listState = {
  search: parseAsString.withDefault(''),
  sort: parseAsStringLiteral(['name', 'created', 'objects', 'size']).withDefault('name'),
  order: parseAsStringLiteral(['asc', 'desc']).withDefault('asc'),
}

export function BucketsScreen({ namespace, canWrite }: { namespace: string; canWrite: boolean }) {
  const t = useTranslations()
  const [list, setList] = useQueryStates(listState)
  const [creating, setCreating] = useState(false)
  const [deleting, setDeleting] = useState<Bucket | null>(null)
  const query = useInfiniteQuery(bucketListQuery(namespace, list))
  const buckets = query.data?.pages.flatMap((page) => page.buckets)
  const isEmpty = buckets?.length === 0 && list.search === '' && !query.isPlaceholderData

  function sortBy(sort: BucketList['sort']) {
    // Names start at A, all else at the most.
    const first = sort === 'name' ? 'asc' : 'desc'
    void setList({ sort, order: list.sort !== sort ? first : list.order === 'asc' ? 'desc' : 'asc' })
  }

  const createButton = canWrite && (
    <Button variant="primary" onClick={() => setCreating(true)}>
      <Plus aria-hidden />
      {t('buckets.create')}
    </Button>
  )
  return (
    <>
      <PageHeader title={t('buckets.title')} actions={isEmpty ? null : createButton} />
      {!isEmpty && (
        <SearchField
          label={t('buckets.search')}
          value={list.search}
          onChange={(search) => void setList({ search })}
          className="mb-3 w-full sm:w-72"
        />
      )}
      {query.error !== null && <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <TableSkeleton />}
      {buckets !== undefined && (
        <Card>
          {isEmpty && (
            <EmptyState
              icon={<Container />}
              title={t('buckets.emptyTitle')}
              text={t(canWrite ? 'buckets.emptyText' : 'buckets.emptyReadOnly')}
              action={createButton}
            />
          )}
          {!isEmpty && buckets.length === 0 && (
            <EmptyState
              icon={<SearchX />}
              title={t('buckets.noMatchTitle')}
              text={t('buckets.noMatchText', { search: list.search })}
            />
          )}
          {buckets.length > 0 && (
            <BucketTable
              namespace={namespace}
              buckets={buckets}
              list={list}
              onSort={sortBy}
              onDelete={canWrite ? setDeleting : null}
            />
          )}
        </Card>
      )}
      <LoadMore query={query} className="mx-auto mt-4" />
      <CreateBucketSheet namespace={namespace} open={creating} onOpenChange={setCreating} />
      {deleting !== null && (
        <DeleteBucketDialog
          namespace={namespace}
          bucket={deleting}
          open
          onOpenChange={(open) => !open && setDeleting(null)}
        />
      )}
    </>
  )
}
