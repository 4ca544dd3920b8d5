'use client'
import { useQuery } from '@tanstack/react-query'
import { Download, Flame, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { toast } from 'sonner'
import { useNow, useTranslations } from 'use-intl'
import { DownloadDigest } from '#components/encryption/download-digest.tsx'
import { cancelShred, namespaceKeysQuery, signedDocumentUrl } from '#components/encryption/queries.ts'
import { ShredDialog } from '#components/encryption/shred-dialog.tsx'
import { useDownload } from '#components/encryption/use-download.ts'
import { useEncryptionChange } from '#components/encryption/use-encryption-change.ts'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { useActorName } from '#components/shared/use-actor-name.ts'
import { useFormat } from '#components/shared/use-format.ts'
import { useNoticeText } from '#components/shared/use-notice.ts'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import type { Shred } from '#lib/schemas/encryption.ts'

const COUNTDOWN_MS = 1_000

/** The way without return: every key of the namespace is destroyed, after a time in which it can be called off. */
export function ShredCard({ namespace }: { namespace: string }) {
  const t = useTranslations('protection.shred')
  const { data } = useQuery(namespaceKeysQuery(namespace))
  const [asking, setAsking] = useState(false)
  if (data === undefined) return null
  const { shred } = data
  return (
    <Card className="grid gap-3 border-bad/40 p-5">
      <h2 className="flex items-center gap-2 font-semibold text-bad">
        <Flame aria-hidden className="size-4" />
        {t('title')}
      </h2>
      {shred === null && (
        <>
          <p className="text-pretty text-ink-soft">{t('text')}</p>
          <Button className="w-fit text-bad" onClick={() => setAsking(true)}>
            {t('schedule')}
          </Button>
        </>
      )}
      {shred?.state === 'scheduled' && <Scheduled namespace={namespace} shred={shred} />}
      {shred?.state === 'done' && <Destroyed namespace={namespace} shred={shred} />}
      {asking && <ShredDialog namespace={namespace} onClose={() => setAsking(false)} />}
    </Card>
  )
}

function Scheduled({ namespace, shred }: { namespace: string; shred: Shred }) {
  const t = useTranslations('protection.shred')
  const format = useFormat()
  const actorName = useActorName()
  const noticeText = useNoticeText()
  const now = useNow({ updateInterval: COUNTDOWN_MS })
  const due = new Date(shred.dueAt)
  const keep = useEncryptionChange(namespace, {
    change: () => cancelShred(namespace),
    onDone: () => toast.success(t('keptToast')),
  })
  return (
    <>
      <p className="rounded-lg bg-bad-soft p-3 font-medium text-bad tabular-nums" data-testid="shred-countdown">
        {t('countdown', { time: format.until(due, now) })}
      </p>
      <p className="text-pretty text-ink-soft">
        {t('scheduled', { date: format.absolute(due), by: actorName(shred.scheduledBy) })}
      </p>
      {shred.message !== null && <p className="break-words text-bad text-xs">{noticeText(shred)}</p>}
      <Button className="w-fit" variant="primary" disabled={keep.isPending} onClick={() => keep.mutate(undefined)}>
        <Undo2 aria-hidden />
        {t('keep')}
      </Button>
      {keep.error !== null && <ErrorPanel error={keep.error} />}
    </>
  )
}

function Destroyed({ namespace, shred }: { namespace: string; shred: Shred }) {
  const t = useTranslations('protection.shred')
  const format = useFormat()
  const download = useDownload(signedDocumentUrl(namespace, 'shred/record'), `${namespace}-destruction.json`)
  return (
    <>
      <p className="text-pretty text-ink-soft">
        {t('destroyed', { date: format.absolute(new Date(shred.destroyedAt ?? shred.dueAt)) })}
      </p>
      <Button className="w-fit" disabled={download.isPending} onClick={() => download.mutate()}>
        <Download aria-hidden />
        {t('record')}
      </Button>
      {download.error !== null && <ErrorPanel error={download.error} />}
      <DownloadDigest sha256={download.data} />
    </>
  )
}
