'use client'
import { useQuery } from '@tanstack/react-query'
import { Download, Trash2 } from 'lucide-react'
import { useTranslations } from 'use-intl'
import type { Entry } from '#components/objects/entry.ts'
import type { FolderAddress } from '#components/objects/files-href.ts'
import { ObjectDetailsList } from '#components/objects/object-details-list.tsx'
import { ObjectPreview } from '#components/objects/object-preview.tsx'
import { objectDetailsQuery } from '#components/objects/queries.ts'
import { ByteSize } from '#components/shared/byte-size.tsx'
import { SealedBadge } from '#components/shared/encryption-badge.tsx'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { Button, buttonClass } from '#components/ui/button.tsx'
import { Sheet } from '#components/ui/sheet.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'
import { Tabs } from '#components/ui/tabs.tsx'
import { visibleName } from '#lib/format.ts'
import { objectDataUrl } from '#lib/schemas/transfers.ts'

interface ObjectDrawerProps {
  address: FolderAddress
  objectKey: string
  tab: 'preview' | 'details'
  onTab: (tab: 'preview' | 'details') => void
  onClose: () => void
  onDelete: ((entries: readonly Entry[]) => void) | null
}

/** One object beside the list: what it looks like, and what is known of it. The list stays usable. */
export function ObjectDrawer({ address, objectKey, tab, onTab, onClose, onDelete }: ObjectDrawerProps) {
  const t = useTranslations()
  const query = useQuery(objectDetailsQuery(address, objectKey))
  const details = query.data
  const name = objectKey.startsWith(address.prefix) ? objectKey.slice(address.prefix.length) : objectKey

  return (
    <Sheet
      open
      modal={false}
      onOpenChange={(open) => !open && onClose()}
      title={visibleName(name)}
      text={
        details !== undefined && (
          <span className="flex flex-wrap items-center gap-2">
            <ByteSize bytes={details.size} />
            <SealedBadge sealed={details.sealed} />
          </span>
        )
      }
      closeLabel={t('objects.closeDetails')}
      flush
      footer={
        details !== undefined && (
          <>
            {onDelete !== null && (
              <Button
                className="mr-auto"
                onClick={() => onDelete([{ kind: 'object', id: `object:${objectKey}`, name, object: details }])}
              >
                <Trash2 aria-hidden />
                {t('common.delete')}
              </Button>
            )}
            {details.encryption.keyKind === 'customer' ? (
              <Button variant="primary" disabled title={t('preview.customerKeyText')}>
                <Download aria-hidden />
                {t('common.download')}
              </Button>
            ) : (
              <a
                href={objectDataUrl({ ...address, key: objectKey }, 'attachment')}
                download
                className={buttonClass({ variant: 'primary' })}
              >
                <Download aria-hidden />
                {t('common.download')}
              </a>
            )}
          </>
        )
      }
    >
      {query.error !== null && details === undefined && (
        <div className="p-5">
          <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
        </div>
      )}
      {query.isPending && (
        <div className="grid gap-4 p-5">
          <Skeleton className="h-48" />
          <Skeleton className="h-4 w-3/5" />
          <Skeleton className="h-4 w-2/5" />
        </div>
      )}
      {details !== undefined && (
        <Tabs
          value={tab}
          onChange={onTab}
          tabs={[
            {
              value: 'preview',
              label: t('objects.preview'),
              content: <ObjectPreview address={address} object={details} />,
            },
            { value: 'details', label: t('objects.details'), content: <ObjectDetailsList details={details} /> },
          ]}
        />
      )}
    </Sheet>
  )
}
