'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { bucketKeys } from '#components/buckets/queries.ts'
import { type Entry, namesOf } from '#components/objects/entry.ts'
import { type BucketAddress, deleteEntries, deletionPreviewQuery, objectKeys } from '#components/objects/queries.ts'
import { ConfirmDialog } from '#components/shared/confirm-dialog.tsx'
import { useFormat } from '#components/shared/use-format.ts'
import { visibleName } from '#lib/format.ts'

const NAMES_SHOWN = 4

interface DeleteObjectsDialogProps {
  address: BucketAddress
  entries: readonly Entry[]
  onClose: () => void
  onDeleted: () => void
}

/** Says how many objects and bytes would go, folders counted through, before it deletes them. */
export function DeleteObjectsDialog({
  address: { namespace, bucket },
  entries,
  onClose,
  onDeleted,
}: DeleteObjectsDialogProps) {
  const t = useTranslations('objects')
  const format = useFormat()
  const queryClient = useQueryClient()
  const address = { namespace, bucket }
  const [doneCount, setDoneCount] = useState(0)
  const names = namesOf(entries)
  const preview = useQuery(deletionPreviewQuery(address, names))

  const deletion = useMutation({
    mutationFn: () => deleteEntries(address, names, setDoneCount),
    onSuccess: (count) => {
      toast.success(t('deletedToast', { count }))
      onDeleted()
      onClose()
    },
    onSettled: async () => {
      await queryClient.invalidateQueries({ queryKey: [...objectKeys.all(address), 'list'] })
      await queryClient.invalidateQueries({ queryKey: bucketKeys.all(namespace) })
    },
  })

  const total = preview.data?.objectCount
  return (
    <ConfirmDialog
      danger
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('deleteTitle', { count: total ?? entries.length })}
      text={textOf()}
      blocked={total === undefined || total === 0}
      actionLabel={t(deletion.isPending ? 'deleting' : 'deleteAction')}
      onConfirm={() => deletion.mutate()}
      pending={deletion.isPending}
      error={preview.error ?? deletion.error}
    >
      <ul className="grid gap-1 rounded-lg bg-sunken p-3 font-mono text-xs">
        {entries.slice(0, NAMES_SHOWN).map((entry) => (
          <li key={entry.id} className="truncate">
            {visibleName(entry.name)}
            {entry.kind === 'folder' && '/'}
          </li>
        ))}
        {entries.length > NAMES_SHOWN && (
          <li className="text-ink-soft">{t('andMore', { count: entries.length - NAMES_SHOWN })}</li>
        )}
      </ul>
    </ConfirmDialog>
  )

  function textOf(): string {
    if (preview.data === undefined) return preview.error === null ? t('deleteCounting') : ''
    if (deletion.isPending) {
      return t('deleteRunning', { done: format.count(doneCount), total: format.count(preview.data.objectCount) })
    }
    if (preview.data.objectCount === 0) return t('deleteNothing')
    return t('deleteText', { size: format.bytes(preview.data.sizeBytes) })
  }
}
