'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { SearchX, Upload } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useMemo } from 'react'
import { useTranslations } from 'use-intl'
import { type Entry, entriesOf } from '#components/objects/entry.ts'
import type { FolderAddress } from '#components/objects/files-href.ts'
import { requestGridFocus } from '#components/objects/grid-focus.ts'
import { GridSkeleton } from '#components/objects/grid-skeleton.tsx'
import { ObjectGrid } from '#components/objects/object-grid.tsx'
import { type ObjectList, objectListQuery } from '#components/objects/queries.ts'
import { UploadButton } from '#components/objects/upload-button.tsx'
import { EmptyState } from '#components/shared/empty-state.tsx'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'

interface FilesBodyProps {
  address: FolderAddress
  list: ObjectList
  canWrite: boolean
  /** The object that the drawer shows. */
  openKey: string | null
  hrefOf: (prefix: string) => string
  onSort: (sort: ObjectList['sort']) => void
  onOpen: (key: string) => void
  onDelete: ((entries: readonly Entry[]) => void) | null
  onSearchBucket: () => void
}

/** The list in whichever state it is: on its way, failed, empty, or rows. */
export function FilesBody({
  address,
  list,
  canWrite,
  openKey,
  hrefOf,
  onSort,
  onOpen,
  onDelete,
  onSearchBucket,
}: FilesBodyProps) {
  const t = useTranslations('objects')
  const router = useRouter()
  const query = useInfiniteQuery(objectListQuery(address, list))
  const pages = query.data?.pages
  const entries = useMemo(() => pages && entriesOf(pages), [pages])

  function open(entry: Entry, byKeyboard: boolean) {
    if (entry.kind === 'object') {
      onOpen(entry.object.key)
      return
    }
    if (byKeyboard) requestGridFocus()
    router.push(hrefOf(entry.folder.prefix))
  }

  if (entries === undefined) {
    if (query.error !== null) return <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
    return <GridSkeleton />
  }
  if (entries.length === 0) {
    return (
      <Card className="grow">
        {list.search === '' ? (
          <EmptyState
            icon={<Upload />}
            title={t('emptyTitle')}
            text={t(canWrite ? 'emptyText' : 'emptyReadOnly')}
            action={canWrite && <UploadButton address={address} />}
          />
        ) : (
          <EmptyState
            icon={<SearchX />}
            title={t('noMatchTitle')}
            text={t(list.scope === 'folder' ? 'noMatchFolder' : 'noMatchBucket', { search: list.search })}
            action={list.scope === 'folder' && <Button onClick={onSearchBucket}>{t('searchWholeBucket')}</Button>}
          />
        )}
      </Card>
    )
  }
  return (
    <>
      {query.error !== null && <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />}
      <ObjectGrid
        // Another list is another grid: its focus and its selection begin anew.
        key={JSON.stringify([list.prefix, list.scope])}
        address={address}
        entries={entries}
        list={list}
        openKey={openKey}
        stale={query.isPlaceholderData}
        hasMore={query.hasNextPage}
        onMore={() => void query.fetchNextPage({ cancelRefetch: false })}
        hrefOf={hrefOf}
        onSort={onSort}
        onOpen={open}
        onDelete={onDelete}
      />
    </>
  )
}
