'use client'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { changeMigration } from '#components/encryption/queries.ts'
import { type RateLimit, RateLimitField } from '#components/encryption/rate-limit-field.tsx'
import { useEncryptionChange } from '#components/encryption/use-encryption-change.ts'
import { ConfirmDialog } from '#components/shared/confirm-dialog.tsx'

interface RateLimitDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  namespace: string
  /** The one that holds now. */
  rateLimit: number | null
}

export function RateLimitDialog({ open, onOpenChange, namespace, rateLimit }: RateLimitDialogProps) {
  const t = useTranslations('protection.migration')
  const [limit, setLimit] = useState<RateLimit>(rateLimit)
  const change = useEncryptionChange(namespace, {
    change: (next: number | null) => changeMigration(namespace, { action: 'set-rate', rateLimit: next }),
    onDone: () => close(false),
  })

  function close(next: boolean) {
    change.reset()
    setLimit(rateLimit)
    onOpenChange(next)
  }

  return (
    <ConfirmDialog
      open={open}
      onOpenChange={close}
      title={t('rateTitle')}
      text={t('rateText')}
      actionLabel={t('rateAction')}
      incomplete={limit === 'invalid'}
      onConfirm={() => limit !== 'invalid' && change.mutate(limit)}
      pending={change.isPending}
      error={change.error}
    >
      <RateLimitField value={limit} onChange={setLimit} />
    </ConfirmDialog>
  )
}
