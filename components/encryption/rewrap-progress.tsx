'use client'
import { useTranslations } from 'use-intl'
import { useFormat } from '#components/shared/use-format.ts'
import { useNoticeText } from '#components/shared/use-notice.ts'
import { Progress } from '#components/ui/progress.tsx'
import type { Rewrap } from '#lib/schemas/encryption.ts'

/** Keys being wrapped again; one line once that has ended. */
export function RewrapProgress({ rewrap, label }: { rewrap: Rewrap; label: string }) {
  const t = useTranslations('protection.rewrap')
  const format = useFormat()
  const noticeText = useNoticeText()
  const { state, doneCount, totalCount } = rewrap
  const reason = noticeText(rewrap)
  if (state !== 'running')
    return (
      <p className={state === 'failed' ? 'text-bad text-xs' : 'text-ink-soft text-xs'} data-testid="rewrap">
        {state === 'failed' && reason !== null ? t('failedBecause', { reason }) : t(state, { count: doneCount })}
      </p>
    )
  return (
    <div className="grid gap-1.5" data-testid="rewrap">
      <p className="flex justify-between gap-3 text-xs tabular-nums">
        <span className="font-medium">{label}</span>
        <span className="shrink-0 text-ink-soft">
          {t('of', { done: format.count(doneCount), total: format.count(totalCount) })}
        </span>
      </p>
      <Progress value={totalCount === 0 ? 0 : doneCount / totalCount} label={label} />
    </div>
  )
}
