'use client'
import { useState } from 'react'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { changeMigration } from '#components/encryption/queries.ts'
import { type RateLimit, RateLimitField } from '#components/encryption/rate-limit-field.tsx'
import { useEncryptionChange } from '#components/encryption/use-encryption-change.ts'
import { ConfirmDialog } from '#components/shared/confirm-dialog.tsx'
import type { ChangeMigrationInput, Migration } from '#lib/schemas/encryption.ts'

interface StartMigrationDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  namespace: string
  direction: Migration['direction']
}

/** What is stored follows the switch. Decrypting wants the exact name. */
export function StartMigrationDialog({ open, onOpenChange, namespace, direction }: StartMigrationDialogProps) {
  const t = useTranslations('protection.offer')
  const [rateLimit, setRateLimit] = useState<RateLimit>(null)
  const start = useEncryptionChange(namespace, {
    change: (input: ChangeMigrationInput) => changeMigration(namespace, input),
    onDone: () => {
      toast.success(t(`${direction}.toast`))
      close(false)
    },
  })

  function close(next: boolean) {
    start.reset()
    setRateLimit(null)
    onOpenChange(next)
  }

  function submit(confirm: string) {
    if (rateLimit === 'invalid') return
    start.mutate({ action: 'start', rateLimit, ...(direction === 'decrypt' && { confirm }) })
  }

  return (
    <ConfirmDialog
      open={open}
      onOpenChange={close}
      title={t(`${direction}.question`, { name: namespace })}
      text={t(`${direction}.questionText`)}
      actionLabel={t(`${direction}.action`)}
      danger={direction === 'decrypt'}
      {...(direction === 'decrypt' && { typed: namespace })}
      incomplete={rateLimit === 'invalid'}
      onConfirm={submit}
      pending={start.isPending}
      error={start.error}
    >
      <RateLimitField value={rateLimit} onChange={setRateLimit} />
    </ConfirmDialog>
  )
}
