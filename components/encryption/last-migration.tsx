'use client'
import { CircleCheck, CircleSlash, TriangleAlert } from 'lucide-react'
import { useTranslations } from 'use-intl'
import { RelativeTime } from '#components/shared/relative-time.tsx'
import { useActorName } from '#components/shared/use-actor-name.ts'
import { useFormat } from '#components/shared/use-format.ts'
import { useNoticeText } from '#components/shared/use-notice.ts'
import { cn } from '#lib/cn.ts'
import type { Migration } from '#lib/schemas/encryption.ts'

const ICONS = {
  done: <CircleCheck aria-hidden className="text-good" />,
  failed: <TriangleAlert aria-hidden className="text-bad" />,
  cancelled: <CircleSlash aria-hidden className="text-ink-soft" />,
}

/** How the last migration ended. */
export function LastMigration({ migration, divided }: { migration: Migration; divided: boolean }) {
  const t = useTranslations('protection.migration')
  const format = useFormat()
  const actorName = useActorName()
  const noticeText = useNoticeText()
  const { state, direction, doneCount, doneBytes, updatedAt, endedAt } = migration
  if (state !== 'done' && state !== 'failed' && state !== 'cancelled') return null
  return (
    <div
      data-testid="migration"
      data-state={state}
      className={cn(
        'flex items-start gap-3 px-5 py-4 [&>svg]:mt-0.5 [&>svg]:size-4 [&>svg]:shrink-0',
        divided && 'border-line border-t',
      )}
    >
      {ICONS[state]}
      <div className="grid min-w-0 gap-0.5">
        <p>
          <span className="font-medium">{t(`ended.${state}.${direction}`)}</span>{' '}
          <span className="text-ink-soft">
            <RelativeTime iso={endedAt ?? updatedAt} />
          </span>
        </p>
        <p className="text-pretty text-ink-soft text-xs tabular-nums">
          {t('endedFigures', { count: doneCount, size: format.bytes(doneBytes), by: actorName(migration.startedBy) })}
        </p>
        {migration.message !== null && (
          <p className={cn('break-words text-xs', state === 'failed' ? 'text-bad' : 'text-ink-soft')}>
            {noticeText(migration)}
          </p>
        )}
      </div>
    </div>
  )
}
