'use client'
import { useState } from 'react'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { setEncryption } from '#components/encryption/queries.ts'
import { type RateLimit, RateLimitField } from '#components/encryption/rate-limit-field.tsx'
import { useEncryptionChange } from '#components/encryption/use-encryption-change.ts'
import { ConfirmDialog } from '#components/shared/confirm-dialog.tsx'
import { useFormat } from '#components/shared/use-format.ts'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import type { SetEncryptionInput } from '#lib/schemas/encryption.ts'

interface SwitchDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  /** The namespace's. */
  name: string
  to: 'off' | 'on'
  /** Stored already, in the other state. */
  otherBytes: number
}

type Existing = 'leave' | 'convert'

/** Asks whether what is stored already shall follow the switch. */
export function SwitchDialog({ open, onOpenChange, name, to, otherBytes }: SwitchDialogProps) {
  const t = useTranslations('protection.switch')
  const tBytes = useFormat().bytes
  const [chosen, setExisting] = useState<Existing>('leave')
  const [rateLimit, setRateLimit] = useState<RateLimit>(null)
  const change = useEncryptionChange(name, {
    change: (input: SetEncryptionInput) => setEncryption(name, input),
    onDone: () => {
      toast.success(t(`${to}.toast.${chosen}`, { name }))
      close(false)
    },
  })

  function close(next: boolean) {
    change.reset()
    setExisting('leave')
    setRateLimit(null)
    onOpenChange(next)
  }

  const hasChoice = otherBytes > 0
  // Where there is nothing to convert, that wipes what was deleted before.
  const existing = to === 'on' && !hasChoice ? 'convert' : chosen

  function submit(confirm: string) {
    // What is not asked for does not count, even when it was typed.
    const limit = chosen === 'convert' ? rateLimit : null
    if (limit === 'invalid') return
    change.mutate({ mode: to, existing, rateLimit: limit, ...(to === 'off' && { confirm }) })
  }

  return (
    <ConfirmDialog
      open={open}
      onOpenChange={close}
      title={t(`${to}.title`, { name })}
      text={t(`${to}.text`)}
      actionLabel={t(`${to}.action`)}
      danger={to === 'off'}
      {...(to === 'off' && { typed: name })}
      incomplete={chosen === 'convert' && rateLimit === 'invalid'}
      onConfirm={submit}
      pending={change.isPending}
      error={change.error}
    >
      {hasChoice && (
        <RadioCards<Existing>
          label={t('existing', { size: tBytes(otherBytes) })}
          value={chosen}
          onChange={setExisting}
          options={(['leave', 'convert'] as const).map((value) => ({
            value,
            label: t(`${to}.${value}`),
            text: t(`${to}.${value}Text`, { size: tBytes(otherBytes) }),
          }))}
        />
      )}
      {hasChoice && chosen === 'convert' && <RateLimitField value={rateLimit} onChange={setRateLimit} />}
    </ConfirmDialog>
  )
}
