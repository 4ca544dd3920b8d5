'use client'
import { Gauge, Pause, Play, X } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useTranslations } from 'use-intl'
import { CancelMigrationDialog } from '#components/encryption/cancel-migration-dialog.tsx'
import { changeMigration } from '#components/encryption/queries.ts'
import { RateLimitDialog } from '#components/encryption/rate-limit-dialog.tsx'
import { useEncryptionChange } from '#components/encryption/use-encryption-change.ts'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { RelativeTime } from '#components/shared/relative-time.tsx'
import { useActorName } from '#components/shared/use-actor-name.ts'
import { useFormat } from '#components/shared/use-format.ts'
import { useNoticeText } from '#components/shared/use-notice.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { Progress } from '#components/ui/progress.tsx'
import { formatDuration } from '#lib/format.ts'
import type { ChangeMigrationInput, Migration } from '#lib/schemas/encryption.ts'

interface MigrationProgressProps {
  namespace: string
  migration: Migration
  /** 0 to 100, as the server counts. */
  percent: number
}

/** A migration that is on its way: how far, how fast, how long still. It goes on without this page. */
export function MigrationProgress({ namespace, migration, percent }: MigrationProgressProps) {
  const t = useTranslations('protection.migration')
  const format = useFormat()
  const noticeText = useNoticeText()
  const { direction, state } = migration
  return (
    <Card className="grid gap-4 p-5" data-testid="migration" data-state={state}>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 className="flex flex-wrap items-center gap-2.5 font-semibold">
          {t(state === 'cleaning' ? `cleaning.${direction}` : direction)}
          {state === 'paused' && <Badge tone="warn">{t('paused')}</Badge>}
        </h2>
        <span className="font-semibold text-lg tabular-nums">{format.percent(percent / 100)}</span>
      </div>
      <Progress
        value={percent / 100}
        label={t('progress')}
        tone={state === 'paused' ? 'muted' : 'accent'}
        className="[&>*]:h-2.5"
      />
      <Figures migration={migration} />
      {state === 'cleaning' && <p className="text-pretty text-ink-soft">{t(`cleaningText.${direction}`)}</p>}
      {migration.message !== null && (
        <p role="status" className="break-words rounded-lg bg-warn-soft p-3 text-warn">
          {noticeText(migration)}
        </p>
      )}
      <Controls namespace={namespace} migration={migration} />
    </Card>
  )
}

function Figures({ migration }: { migration: Migration }) {
  const t = useTranslations('protection.migration')
  const format = useFormat()
  const actorName = useActorName()
  const { doneBytes, totalBytes, doneCount, totalCount, bytesPerSecond, etaSeconds, rateLimit } = migration
  return (
    <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-4">
      <Figure label={t('data')}>{t('of', { done: format.bytes(doneBytes), total: format.bytes(totalBytes) })}</Figure>
      <Figure label={t('objects')}>
        {t('of', { done: format.count(doneCount), total: format.count(totalCount) })}
      </Figure>
      <Figure label={t('speed')}>
        {bytesPerSecond === null ? '–' : format.rate(bytesPerSecond)}
        <span className="block font-normal text-ink-soft text-xs">
          {rateLimit === null ? t('unlimited') : t('limited', { rate: format.rate(rateLimit) })}
        </span>
      </Figure>
      <Figure label={t('left')}>
        {etaSeconds === null ? '–' : formatDuration(etaSeconds)}
        <span className="block font-normal text-ink-soft text-xs">
          {t.rich('started', {
            by: actorName(migration.startedBy),
            time: () => <RelativeTime iso={migration.startedAt} />,
          })}
        </span>
      </Figure>
    </dl>
  )
}

function Figure({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid content-start gap-0.5">
      <dt className="text-ink-soft text-xs">{label}</dt>
      <dd className="font-medium tabular-nums">{children}</dd>
    </div>
  )
}

function Controls({ namespace, migration }: Omit<MigrationProgressProps, 'percent'>) {
  const t = useTranslations('protection.migration')
  const [asking, setAsking] = useState<'rate' | 'cancel' | null>(null)
  const change = useEncryptionChange(namespace, {
    change: (input: ChangeMigrationInput) => changeMigration(namespace, input),
    onDone: () => {},
  })
  const { state } = migration
  if (state === 'cleaning') return null
  const isPaused = state === 'paused'
  const close = (open: boolean) => !open && setAsking(null)
  return (
    <>
      {change.error !== null && <ErrorPanel error={change.error} />}
      <div className="flex flex-wrap gap-2">
        <Button disabled={change.isPending} onClick={() => change.mutate({ action: isPaused ? 'resume' : 'pause' })}>
          {isPaused ? <Play aria-hidden /> : <Pause aria-hidden />}
          {t(isPaused ? 'resume' : 'pause')}
        </Button>
        <Button onClick={() => setAsking('rate')}>
          <Gauge aria-hidden />
          {t('changeRate')}
        </Button>
        <Button variant="ghost" onClick={() => setAsking('cancel')}>
          <X aria-hidden />
          {t('cancel')}
        </Button>
      </div>
      <RateLimitDialog
        key={migration.rateLimit}
        open={asking === 'rate'}
        onOpenChange={close}
        namespace={namespace}
        rateLimit={migration.rateLimit}
      />
      <CancelMigrationDialog
        open={asking === 'cancel'}
        onOpenChange={close}
        namespace={namespace}
        direction={migration.direction}
      />
    </>
  )
}
