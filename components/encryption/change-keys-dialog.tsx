'use client'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { changeNamespaceKeys } from '#components/encryption/queries.ts'
import { useEncryptionChange } from '#components/encryption/use-encryption-change.ts'
import { ConfirmDialog } from '#components/shared/confirm-dialog.tsx'

export type KeyAct = { action: 'rotate' | 'rewrap' } | { action: 'retire'; version: number }

interface ChangeKeysDialogProps {
  namespace: string
  act: KeyAct
  onClose: () => void
}

/** Rotation and re-wrapping are asked; retiring, which destroys a key, wants the exact name. */
export function ChangeKeysDialog({ namespace, act, onClose }: ChangeKeysDialogProps) {
  const t = useTranslations('protection.keys')
  const { action } = act
  const version = act.action === 'retire' ? String(act.version) : ''
  const change = useEncryptionChange(namespace, {
    change: (confirm: string) =>
      changeNamespaceKeys(namespace, act.action === 'retire' ? { ...act, confirm } : { action: act.action }),
    onDone: () => {
      toast.success(t(`${action}.toast`, { version }))
      onClose()
    },
  })
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t(`${action}.title`, { version })}
      text={t(`${action}.text`)}
      actionLabel={t(`${action}.action`)}
      danger={action === 'retire'}
      {...(action === 'retire' && { typed: namespace })}
      onConfirm={(confirm) => change.mutate(confirm)}
      pending={change.isPending}
      error={change.error}
    />
  )
}
