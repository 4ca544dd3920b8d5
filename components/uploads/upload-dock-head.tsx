'use client'
import { ChevronDown, ChevronUp, Pause, Play, RotateCw, X } from 'lucide-react'
import { useTranslations } from 'use-intl'
import { useFormat } from '#components/shared/use-format.ts'
import { Button } from '#components/ui/button.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Progress } from '#components/ui/progress.tsx'
import { formatDuration } from '#lib/format.ts'
import { uploads } from '#lib/upload/browser-uploads.ts'
import { isEnded, type UploadItem } from '#lib/upload/upload-item.ts'
import type { UploadSnapshot } from '#lib/upload/upload-store.ts'

interface UploadDockHeadProps {
  snapshot: UploadSnapshot
  collapsed: boolean
  onCollapse: (collapsed: boolean) => void
}

export function UploadDockHead({ snapshot, collapsed, onCollapse }: UploadDockHeadProps) {
  const t = useTranslations('uploads')
  const { items, summary, readingCount } = snapshot
  const { totalCount, doneCount, failedCount, activeCount, pausedCount, totalBytes, sentBytes } = summary
  const ended = items.every(isEnded) && readingCount === null
  const idsOf = (accepts: (item: UploadItem) => boolean) => items.filter(accepts).map(({ id }) => id)
  const share = totalBytes === 0 ? doneCount / Math.max(1, totalCount) : sentBytes / totalBytes
  return (
    <header className="grid gap-2.5 border-line border-b p-3.5 last:border-b-0">
      <div className="flex items-center gap-1">
        <div className="min-w-0 grow" role="status">
          <p className="truncate font-semibold">{titleOf()}</p>
          <p className="truncate text-ink-soft text-xs tabular-nums">
            <DockLine snapshot={snapshot} />
          </p>
        </div>
        <IconButton
          label={t(collapsed ? 'expand' : 'collapse')}
          aria-expanded={!collapsed}
          onClick={() => onCollapse(!collapsed)}
        >
          {collapsed ? <ChevronUp aria-hidden /> : <ChevronDown aria-hidden />}
        </IconButton>
        {ended && (
          <IconButton label={t('clear')} onClick={() => uploads.queue.forgetEnded()}>
            <X aria-hidden />
          </IconButton>
        )}
      </div>
      <Progress value={share} label={t('region')} tone={failedCount > 0 ? 'bad' : ended ? 'good' : 'accent'} />
      {!collapsed && (!ended || failedCount > 0) && (
        <div className="flex flex-wrap gap-1.5">
          {activeCount > 0 && (
            <Button size="small" onClick={() => uploads.queue.pause(idsOf(() => true))}>
              <Pause aria-hidden />
              {t('pauseAll')}
            </Button>
          )}
          {pausedCount > 0 && (
            <Button size="small" onClick={() => uploads.queue.resume(idsOf(({ state }) => state === 'paused'))}>
              <Play aria-hidden />
              {t('resumeAll')}
            </Button>
          )}
          {failedCount > 0 && (
            <Button size="small" onClick={() => uploads.queue.retry(idsOf(({ state }) => state === 'failed'))}>
              <RotateCw aria-hidden />
              {t('retryFailed')}
            </Button>
          )}
          {!ended && (
            <Button size="small" variant="ghost" onClick={() => uploads.queue.cancel(idsOf((item) => !isEnded(item)))}>
              <X aria-hidden />
              {t('cancelAll')}
            </Button>
          )}
        </div>
      )}
    </header>
  )

  function titleOf(): string {
    if (ended && failedCount > 0) return t('withFailures', { count: failedCount })
    return ended ? t('finished', { count: doneCount }) : t('uploading', { count: totalCount })
  }
}

/** "37 of 200 · 12.5 MiB/s · 42 s left", or why nothing moves. */
function DockLine({ snapshot: { summary, rate, online, readingCount } }: { snapshot: UploadSnapshot }) {
  const t = useTranslations('uploads')
  const format = useFormat()
  const { doneCount, totalCount, activeCount, pausedCount, checkingCount, conflictCount } = summary
  const parts = [t('progress', { done: format.count(doneCount), total: format.count(totalCount) })]
  if (!online) return t('offline')
  if (readingCount !== null) return t('reading', { count: readingCount })
  if (activeCount > 0 && rate > 0) {
    parts.push(
      format.rate(rate),
      t('remaining', { duration: formatDuration((summary.totalBytes - summary.sentBytes) / rate) }),
    )
  } else if (activeCount === 0) {
    if (conflictCount > 0) parts.push(t('waitingForAnswer'))
    else if (checkingCount > 0) parts.push(t('checking'))
    else if (pausedCount > 0) parts.push(t('paused'))
    else parts.push(format.bytes(summary.sentBytes))
  }
  return parts.join(' · ')
}
