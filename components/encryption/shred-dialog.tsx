'use client'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { scheduleShred } from '#components/encryption/queries.ts'
import { useEncryptionChange } from '#components/encryption/use-encryption-change.ts'
import { ConfirmDaysDialog } from '#components/shared/confirm-days-dialog.tsx'
import { type ScheduleShredInput, SHRED_DAYS_DEFAULT, SHRED_DAYS_MAX, SHRED_DAYS_MIN } from '#lib/schemas/encryption.ts'

export function ShredDialog({ namespace, onClose }: { namespace: string; onClose: () => void }) {
  const t = useTranslations('protection.shred')
  const schedule = useEncryptionChange(namespace, {
    change: (input: ScheduleShredInput) => scheduleShred(namespace, input),
    onDone: () => {
      toast.success(t('scheduledToast'))
      onClose()
    },
  })
  return (
    <ConfirmDaysDialog
      title={t('question', { name: namespace })}
      text={t('questionText')}
      typed={namespace}
      days={{ label: t('days'), min: SHRED_DAYS_MIN, max: SHRED_DAYS_MAX, initial: SHRED_DAYS_DEFAULT }}
      actionLabel={t('action')}
      onConfirm={(days, confirm) => schedule.mutate({ days, confirm })}
      onClose={onClose}
      pending={schedule.isPending}
      error={schedule.error}
    />
  )
}
