'use client'
import { LockKeyhole, LockKeyholeOpen } from 'lucide-react'
import { useTranslations } from 'use-intl'
import { EncryptionSwitch } from '#components/encryption/encryption-switch.tsx'
import { ShareBar } from '#components/encryption/share-bar.tsx'
import { useFormat } from '#components/shared/use-format.ts'
import { Card } from '#components/ui/card.tsx'
import { cn } from '#lib/cn.ts'
import type { EncryptionState, NamespaceEncryption } from '#lib/schemas/encryption.ts'

const LOOKS: Record<EncryptionState, string> = {
  on: 'bg-good-soft text-good ring-good/25',
  encrypting: 'bg-accent-soft text-accent-ink ring-accent/25',
  'on-new-data-only': 'bg-warn-soft text-warn ring-warn/25',
  decrypting: 'bg-warn-soft text-warn ring-warn/25',
  mixed: 'bg-warn-soft text-warn ring-warn/25',
  off: 'bg-sunken text-ink-soft ring-line',
}

/** The state line, the switch, and what of the stored bytes is encrypted. */
export function StatusCard({ encryption }: { encryption: NamespaceEncryption }) {
  const t = useTranslations('protection')
  const format = useFormat()
  const { namespace, mode, state, percent, coverage } = encryption
  const Lock = mode === 'on' ? LockKeyhole : LockKeyholeOpen
  return (
    <Card>
      <div className="flex flex-wrap items-start gap-x-4 gap-y-3 p-5">
        <span
          aria-hidden
          className={cn('flex size-11 shrink-0 items-center justify-center rounded-xl ring-1 ring-inset', LOOKS[state])}
        >
          <Lock className="size-5" />
        </span>
        <div className="grid min-w-0 flex-1 basis-56 gap-0.5">
          <h2
            className="font-semibold text-lg tabular-nums tracking-tight"
            data-testid="encryption-state"
            data-state={state}
          >
            {t(`state.${state}`, { percent: format.percent((percent ?? 0) / 100) })}
          </h2>
          <p className="text-pretty text-ink-soft">{t(`stateText.${state}`)}</p>
        </div>
        <EncryptionSwitch
          name={namespace}
          mode={mode}
          stored={{ encryptedBytes: coverage.encryptedBytes, plainBytes: coverage.plainBytes }}
        />
      </div>
      <div className="border-line border-t px-5 py-4">
        <ShareBar name={namespace} coverage={coverage} />
        <OpenUploads uploads={coverage.openUploads} />
      </div>
    </Card>
  )
}

function OpenUploads({ uploads }: { uploads: NamespaceEncryption['coverage']['openUploads'] }) {
  const t = useTranslations('protection')
  const format = useFormat()
  const { encryptedBytes, plainBytes } = uploads
  if (encryptedBytes + plainBytes === 0) return null
  return (
    <p className="mt-3 text-ink-soft text-xs">
      {t('openUploads', { sealed: format.bytes(encryptedBytes), plain: format.bytes(plainBytes) })}
    </p>
  )
}
