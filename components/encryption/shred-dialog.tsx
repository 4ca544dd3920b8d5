'use client'
import { useState } from 'react'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { scheduleShred } from '#components/encryption/queries.ts'
import { useEncryptionChange } from '#components/encryption/use-encryption-change.ts'
import { ConfirmDialog } from '#components/shared/confirm-dialog.tsx'
import { DaysField } from '#components/shared/days-field.tsx'
import { type ScheduleShredInput, SHRED_DAYS_DEFAULT, SHRED_DAYS_MAX, SHRED_DAYS_MIN } from '#lib/schemas/encryption.ts'

export function ShredDialog({ namespace, onClose }: { namespace: string; onClose: () => void }) {
  const t = useTranslations('protection.shred')
  const [days, setDays] = useState<number | null>(SHRED_DAYS_DEFAULT)
  const schedule = useEncryptionChange(namespace, {
    change: (input: ScheduleShredInput) => scheduleShred(namespace, input),
    onDone: () => {
      toast.success(t('scheduledToast'))
      onClose()
    },
  })
  return (
    <ConfirmDialog
      danger
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('question', { name: namespace })}
      text={t('questionText')}
      typed={namespace}
      incomplete={days === null}
      actionLabel={t('action')}
      onConfirm={(confirm) => days !== null && schedule.mutate({ days, confirm })}
      pending={schedule.isPending}
      error={schedule.error}
    >
      <DaysField
        label={t('days')}
        value={days}
        onChange={setDays}
        range={{ min: SHRED_DAYS_MIN, max: SHRED_DAYS_MAX }}
      />
    </ConfirmDialog>
  )
}
