'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { changeNamedKey, namedKeysQuery } from '#components/named-keys/queries.ts'
import { ConfirmDaysDialog } from '#components/shared/confirm-days-dialog.tsx'
import { NAMED_KEY_DAYS_MAX, NAMED_KEY_DAYS_MIN } from '#lib/schemas/named-keys.ts'

interface DeleteNamedKeyDialogProps {
  namespace: string
  name: string
  onClose: () => void
}

export function DeleteNamedKeyDialog({ namespace, name, onClose }: DeleteNamedKeyDialogProps) {
  const t = useTranslations('namedKeys')
  const queryClient = useQueryClient()

  const deletion = useMutation({
    mutationFn: (days: number) => changeNamedKey(namespace, { name, change: 'delete', days }),
    onSuccess: async (_, days) => {
      await queryClient.invalidateQueries({ queryKey: namedKeysQuery(namespace).queryKey })
      toast.success(t('deletedToast', { name, days }))
      onClose()
    },
  })

  return (
    <ConfirmDaysDialog
      title={t('deleteTitle', { name })}
      text={t('deleteText')}
      typed={name}
      days={{ label: t('daysLabel'), min: NAMED_KEY_DAYS_MIN, max: NAMED_KEY_DAYS_MAX, initial: NAMED_KEY_DAYS_MAX }}
      actionLabel={t('deleteAction')}
      onConfirm={(days) => deletion.mutate(days)}
      onClose={onClose}
      pending={deletion.isPending}
      error={deletion.error}
    />
  )
}
