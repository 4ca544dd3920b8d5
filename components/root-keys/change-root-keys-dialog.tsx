'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { changeRootKeys, rootKeyQueryKeys } from '#components/root-keys/queries.ts'
import { ConfirmDialog } from '#components/shared/confirm-dialog.tsx'

export interface RootKeyAct {
  action: 'rotate' | 'retire'
  /** Of the root key that is to be replaced or taken away. */
  id: string
  version: number
}

/** Both concern the whole service, and want the key's exact id. */
export function ChangeRootKeysDialog({ act, onClose }: { act: RootKeyAct; onClose: () => void }) {
  const t = useTranslations('rootKeys')
  const queryClient = useQueryClient()
  const { action, id, version } = act
  const change = useMutation({
    mutationFn: (confirm: string) => changeRootKeys({ action, confirm, ...(action === 'retire' && { version }) }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: rootKeyQueryKeys.all })
      toast.success(t(`${action}.toast`))
      onClose()
    },
  })
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t(`${action}.title`)}
      text={t(`${action}.text`)}
      actionLabel={t(`${action}.action`)}
      danger={action === 'retire'}
      typed={id}
      onConfirm={(confirm) => change.mutate(confirm)}
      pending={change.isPending}
      error={change.error}
    />
  )
}
