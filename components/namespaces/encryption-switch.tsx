'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { bucketKeys } from '#components/buckets/queries.ts'
import { namespaceKeys, setEncryption } from '#components/namespaces/queries.ts'
import { ConfirmDialog } from '#components/shared/confirm-dialog.tsx'
import { Switch } from '#components/ui/switch.tsx'
import type { Namespace } from '#lib/schemas/namespaces.ts'

/** Encryption of new data. On is asked, off wants the exact name. */
export function EncryptionSwitch({ namespace: { name, encryption } }: { namespace: Namespace }) {
  const t = useTranslations('namespaces')
  const queryClient = useQueryClient()
  const [asking, setAsking] = useState(false)
  const turningOn = encryption.mode === 'off'

  const change = useMutation({
    mutationFn: (confirm: string) => setEncryption(name, turningOn ? { mode: 'on' } : { mode: 'off', confirm }),
    onSuccess: async ({ encryption: { mode } }) => {
      await queryClient.invalidateQueries({ queryKey: namespaceKeys.all })
      // Badges of buckets say whether new data is sealed.
      await queryClient.invalidateQueries({ queryKey: bucketKeys.all(name) })
      toast.success(t(mode === 'on' ? 'onToast' : 'offToast', { name }))
      setAsking(false)
    },
  })

  return (
    <>
      <span className="flex items-center gap-2.5">
        <span aria-hidden className="font-medium text-xs">
          {t(turningOn ? 'switchOff' : 'switchOn')}
        </span>
        <Switch aria-label={t('switchLabel', { name })} checked={!turningOn} onCheckedChange={() => setAsking(true)} />
      </span>
      <ConfirmDialog
        key={encryption.mode}
        open={asking}
        onOpenChange={(open) => {
          change.reset()
          setAsking(open)
        }}
        title={t(turningOn ? 'onTitle' : 'offTitle', { name })}
        text={t(turningOn ? 'onText' : 'offText')}
        actionLabel={t(turningOn ? 'onAction' : 'offAction')}
        danger={!turningOn}
        {...(turningOn ? {} : { typed: name })}
        onConfirm={(confirm) => change.mutate(confirm)}
        pending={change.isPending}
        error={change.error}
      />
    </>
  )
}
