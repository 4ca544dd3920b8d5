'use client'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { DeleteObjectsDialog } from '#components/objects/delete-objects-dialog.tsx'
import { DropZone } from '#components/objects/drop-zone.tsx'
import type { Entry } from '#components/objects/entry.ts'
import { FilesBody } from '#components/objects/files-body.tsx'
import { type FolderAddress, filesHref } from '#components/objects/files-href.ts'
import { FilesToolbar } from '#components/objects/files-toolbar.tsx'
import { ObjectDrawer } from '#components/objects/object-drawer.tsx'
import { PathBar } from '#components/objects/path-bar.tsx'
import type { ObjectList } from '#components/objects/queries.ts'

const listState = {
  search: parseAsString.withDefault(''),
  scope: parseAsStringLiteral(['folder', 'bucket']).withDefault('folder'),
  sort: parseAsStringLiteral(['name', 'size', 'modified']).withDefault('name'),
  order: parseAsStringLiteral(['asc', 'desc']).withDefault('asc'),
}
const drawerState = {
  object: parseAsString,
  tab: parseAsStringLiteral(['preview', 'details']).withDefault('preview'),
}

/** The file browser of one folder. What is looked at is in the address; only dialogs are kept here. */
export function FilesScreen({ canWrite, ...address }: FolderAddress & { canWrite: boolean }) {
  const t = useTranslations('objects')
  const [filter, setFilter] = useQueryStates(listState)
  const [drawer, setDrawer] = useQueryStates(drawerState, { history: 'push' })
  const [deleting, setDeleting] = useState<readonly Entry[] | null>(null)
  const list: ObjectList = { ...filter, prefix: address.prefix }

  function sortBy(sort: ObjectList['sort']) {
    const first = sort === 'name' ? 'asc' : 'desc'
    void setFilter({ sort, order: list.sort !== sort ? first : list.order === 'asc' ? 'desc' : 'asc' })
  }

  /** Folders keep the order of the list; search and drawer belong to the folder left behind. */
  function folderHref(prefix: string): string {
    const order = {
      ...(list.sort !== 'name' && { sort: list.sort }),
      ...(list.order !== 'asc' && { order: list.order }),
    }
    return filesHref({ ...address, prefix }, order)
  }

  return (
    <DropZone address={address} disabled={!canWrite} beside={drawer.object !== null}>
      <h1 className="sr-only">{t('title', { bucket: address.bucket })}</h1>
      <PathBar address={address} hrefOf={folderHref} />
      <FilesToolbar address={address} list={list} onFilter={(change) => void setFilter(change)} canWrite={canWrite} />
      <FilesBody
        address={address}
        list={list}
        canWrite={canWrite}
        openKey={drawer.object}
        hrefOf={folderHref}
        onSort={sortBy}
        onOpen={(key) => void setDrawer({ object: key })}
        onDelete={canWrite ? setDeleting : null}
        onSearchBucket={() => void setFilter({ scope: 'bucket' })}
      />
      {drawer.object !== null && (
        <ObjectDrawer
          key={drawer.object}
          address={address}
          objectKey={drawer.object}
          tab={drawer.tab}
          onTab={(tab) => void setDrawer({ tab }, { history: 'replace' })}
          onClose={() => void setDrawer({ object: null, tab: null })}
          onDelete={canWrite ? setDeleting : null}
        />
      )}
      {deleting !== null && (
        <DeleteObjectsDialog
          address={address}
          entries={deleting}
          onClose={() => setDeleting(null)}
          onDeleted={() => void setDrawer({ object: null, tab: null }, { history: 'replace' })}
        />
      )}
    </DropZone>
  )
}
