'use client'
import { Play } from 'lucide-react'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { LastMigration } from '#components/encryption/last-migration.tsx'
import { MigrationProgress } from '#components/encryption/migration-progress.tsx'
import { StartMigrationDialog } from '#components/encryption/start-migration-dialog.tsx'
import { useFormat } from '#components/shared/use-format.ts'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import type { NamespaceEncryption } from '#lib/schemas/encryption.ts'

const ON_ITS_WAY = ['running', 'paused', 'cleaning']

/** The migration that is on its way; else an offer to start one where it would change something, and how the last one ended. */
export function MigrationCard({ encryption }: { encryption: NamespaceEncryption }) {
  const { namespace, migration, state, percent } = encryption
  if (migration !== null && ON_ITS_WAY.includes(migration.state))
    return <MigrationProgress namespace={namespace} migration={migration} percent={percent ?? 0} />
  const isOffered = state === 'on-new-data-only' || state === 'mixed'
  if (!isOffered && migration === null) return null
  return (
    <Card>
      {isOffered && <Offer encryption={encryption} />}
      {migration !== null && <LastMigration migration={migration} divided={isOffered} />}
    </Card>
  )
}

function Offer({ encryption: { namespace, mode, coverage } }: { encryption: NamespaceEncryption }) {
  const t = useTranslations('protection.offer')
  const format = useFormat()
  const [asking, setAsking] = useState(false)
  const direction = mode === 'on' ? 'encrypt' : 'decrypt'
  const bytes = mode === 'on' ? coverage.plainBytes : coverage.encryptedBytes
  // Of nothing that is stored, but of what was deleted or replaced before.
  const kind = bytes === 0 && direction === 'encrypt' ? 'remains' : direction
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 p-5">
      <div className="grid min-w-0 flex-1 basis-72 gap-0.5">
        <h2 className="font-semibold">{t(`${kind}.title`, { size: format.bytes(bytes) })}</h2>
        <p className="text-pretty text-ink-soft">{t(`${kind}.text`)}</p>
      </div>
      <Button variant={direction === 'encrypt' ? 'primary' : 'secondary'} onClick={() => setAsking(true)}>
        <Play aria-hidden />
        {t(`${direction}.action`)}
      </Button>
      <StartMigrationDialog open={asking} onOpenChange={setAsking} namespace={namespace} direction={direction} />
    </div>
  )
}
