'use client'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { SwitchDialog } from '#components/encryption/switch-dialog.tsx'
import { Switch } from '#components/ui/switch.tsx'

interface EncryptionSwitchProps {
  /** The namespace's. */
  name: string
  mode: 'off' | 'on'
  stored: { encryptedBytes: number; plainBytes: number }
}

/** Encryption of new data, and if wanted of what is stored already. On is asked, off wants the exact name. */
export function EncryptionSwitch({ name, mode, stored }: EncryptionSwitchProps) {
  const t = useTranslations('namespaces')
  const [asking, setAsking] = useState(false)
  return (
    <>
      <span className="flex items-center gap-2.5">
        <span aria-hidden className="font-medium text-xs">
          {t(mode === 'on' ? 'switchOn' : 'switchOff')}
        </span>
        <Switch
          aria-label={t('switchLabel', { name })}
          checked={mode === 'on'}
          onCheckedChange={() => setAsking(true)}
        />
      </span>
      <SwitchDialog
        key={mode}
        open={asking}
        onOpenChange={setAsking}
        name={name}
        to={mode === 'on' ? 'off' : 'on'}
        otherBytes={mode === 'on' ? stored.encryptedBytes : stored.plainBytes}
      />
    </>
  )
}
