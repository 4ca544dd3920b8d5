'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { bucketKeys, deleteBucket } from '#components/buckets/queries.ts'
import { filesHref } from '#components/objects/files-href.ts'
import { ConfirmDialog } from '#components/shared/confirm-dialog.tsx'
import { useFormat } from '#components/shared/use-format.ts'
import { buttonClass } from '#components/ui/button.tsx'
import type { Bucket } from '#lib/schemas/buckets.ts'

interface DeleteBucketDialogProps {
  namespace: string
  bucket: Bucket
  open: boolean
  onOpenChange: (open: boolean) => void
}

export function DeleteBucketDialog({ namespace, bucket, open, onOpenChange }: DeleteBucketDialogProps) {
  const t = useTranslations('buckets')
  const format = useFormat()
  const queryClient = useQueryClient()
  const { name, objectCount, sizeBytes } = bucket
  const full = objectCount > 0

  const deletion = useMutation({
    mutationFn: (confirm: string) => deleteBucket(namespace, name, { confirm }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: bucketKeys.all(namespace) })
      toast.success(t('deletedToast', { name }))
      onOpenChange(false)
    },
  })

  return (
    <ConfirmDialog
      danger
      open={open}
      onOpenChange={(next) => {
        deletion.reset()
        onOpenChange(next)
      }}
      title={t('deleteTitle', { name })}
      text={full ? t('deleteNotEmpty', { count: objectCount, size: format.bytes(sizeBytes) }) : t('deleteText')}
      typed={name}
      blocked={full}
      actionLabel={t('deleteAction')}
      onConfirm={(confirm) => deletion.mutate(confirm)}
      pending={deletion.isPending}
      error={deletion.error}
    >
      {full && (
        <Link href={filesHref({ namespace, bucket: name, prefix: '' })} className={buttonClass()}>
          {t('openFirst')}
        </Link>
      )}
    </ConfirmDialog>
  )
}
