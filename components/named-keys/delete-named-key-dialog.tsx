'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { changeNamedKey, namedKeysQuery } from '#components/named-keys/queries.ts'
import { ConfirmDialog } from '#components/shared/confirm-dialog.tsx'
import { DaysField } from '#components/shared/days-field.tsx'
import { NAMED_KEY_DAYS_MAX, NAMED_KEY_DAYS_MIN } from '#lib/schemas/named-keys.ts'

interface DeleteNamedKeyDialogProps {
  namespace: string
  name: string
  onClose: () => void
}

export function DeleteNamedKeyDialog({ namespace, name, onClose }: DeleteNamedKeyDialogProps) {
  const t = useTranslations('namedKeys')
  const queryClient = useQueryClient()
  const [days, setDays] = useState<number | null>(NAMED_KEY_DAYS_MAX)

  const deletion = useMutation({
    mutationFn: (within: number) => changeNamedKey(namespace, { name, change: 'delete', days: within }),
    onSuccess: async (_, within) => {
      await queryClient.invalidateQueries({ queryKey: namedKeysQuery(namespace).queryKey })
      toast.success(t('deletedToast', { name, days: within }))
      onClose()
    },
  })

  return (
    <ConfirmDialog
      danger
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('deleteTitle', { name })}
      text={t('deleteText')}
      typed={name}
      incomplete={days === null}
      actionLabel={t('deleteAction')}
      onConfirm={() => days !== null && deletion.mutate(days)}
      pending={deletion.isPending}
      error={deletion.error}
    >
      <DaysField
        label={t('daysLabel')}
        value={days}
        onChange={setDays}
        range={{ min: NAMED_KEY_DAYS_MIN, max: NAMED_KEY_DAYS_MAX }}
      />
    </ConfirmDialog>
  )
}
