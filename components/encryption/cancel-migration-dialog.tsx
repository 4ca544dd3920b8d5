'use client'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { changeMigration } from '#components/encryption/queries.ts'
import { useEncryptionChange } from '#components/encryption/use-encryption-change.ts'
import { ConfirmDialog } from '#components/shared/confirm-dialog.tsx'
import type { Migration } from '#lib/schemas/encryption.ts'

interface CancelMigrationDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  namespace: string
  direction: Migration['direction']
}

export function CancelMigrationDialog({ open, onOpenChange, namespace, direction }: CancelMigrationDialogProps) {
  const t = useTranslations('protection.migration')
  const cancel = useEncryptionChange(namespace, {
    change: () => changeMigration(namespace, { action: 'cancel' }),
    onDone: () => {
      toast.success(t('cancelledToast'))
      close(false)
    },
  })

  function close(next: boolean) {
    cancel.reset()
    onOpenChange(next)
  }

  return (
    <ConfirmDialog
      open={open}
      onOpenChange={close}
      title={t('cancelTitle')}
      text={t(`cancelText.${direction}`)}
      actionLabel={t('cancelAction')}
      danger
      onConfirm={() => cancel.mutate(undefined)}
      pending={cancel.isPending}
      error={cancel.error}
    />
  )
}
