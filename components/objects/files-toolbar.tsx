'use client'
import { useQueryClient } from '@tanstack/react-query'
import { RefreshCw } from 'lucide-react'
import { useTranslations } from 'use-intl'
import type { FolderAddress } from '#components/objects/files-href.ts'
import { type ObjectList, objectKeys } from '#components/objects/queries.ts'
import { UploadButton } from '#components/objects/upload-button.tsx'
import { SearchField } from '#components/shared/search-field.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Segmented } from '#components/ui/segmented.tsx'

interface FilesToolbarProps {
  address: FolderAddress
  list: ObjectList
  onFilter: (change: Partial<Pick<ObjectList, 'search' | 'scope'>>) => void
  canWrite: boolean
}

export function FilesToolbar({ address, list, onFilter, canWrite }: FilesToolbarProps) {
  const t = useTranslations('objects')
  const queryClient = useQueryClient()
  return (
    <div className="mb-3 flex flex-wrap items-center gap-2">
      <SearchField
        label={t(list.scope === 'folder' ? 'searchFolder' : 'searchBucket')}
        value={list.search}
        onChange={(search) => onFilter({ search })}
        className="grow basis-full sm:max-w-72 sm:basis-48"
      />
      <Segmented
        label={t('scope')}
        value={list.scope}
        onChange={(scope) => onFilter({ scope })}
        options={[
          { value: 'folder', label: t('scopeFolder') },
          { value: 'bucket', label: t('scopeBucket') },
        ]}
      />
      <div className="hidden sm:block">
        <IconButton
          label={t('refresh')}
          onClick={() => void queryClient.invalidateQueries({ queryKey: objectKeys.all(address) })}
        >
          <RefreshCw aria-hidden />
        </IconButton>
      </div>
      {canWrite && (
        <div className="ml-auto">
          <UploadButton address={address} />
        </div>
      )}
    </div>
  )
}
