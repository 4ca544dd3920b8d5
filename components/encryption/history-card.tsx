'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslations } from 'use-intl'
import { HistoryFacts } from '#components/encryption/history-facts.tsx'
import { encryptionHistoryQuery } from '#components/encryption/queries.ts'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { LoadMore } from '#components/shared/load-more.tsx'
import { RelativeTime } from '#components/shared/relative-time.tsx'
import { useActorName } from '#components/shared/use-actor-name.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Card } from '#components/ui/card.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'
import type { EncryptionHistoryEntry } from '#lib/schemas/encryption.ts'

/** Who did what, from the audit: of a namespace, or (null) of the whole service. */
export function HistoryCard({ namespace }: { namespace: string | null }) {
  const t = useTranslations()
  const query = useInfiniteQuery(encryptionHistoryQuery(namespace))
  const entries = query.data?.pages.flatMap((page) => page.entries)
  return (
    <Card className="grid gap-3 p-5">
      <h2 className="font-semibold">{t('protection.history.title')}</h2>
      {query.error !== null && entries === undefined && (
        <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
      )}
      {query.isPending && <Skeleton className="h-20" />}
      {entries?.length === 0 && <p className="text-ink-soft">{t('protection.history.empty')}</p>}
      {entries !== undefined && entries.length > 0 && (
        <ol aria-label={t('protection.history.title')} className="grid grid-cols-[minmax(0,1fr)] gap-3.5">
          {entries.map((entry) => (
            <HistoryEntry key={entry.id} entry={entry} />
          ))}
        </ol>
      )}
      <LoadMore query={query} size="small" className="w-fit" />
    </Card>
  )
}

function HistoryEntry({ entry }: { entry: EncryptionHistoryEntry }) {
  const t = useTranslations('protection.history')
  const { action, actor, at, target, result, details } = entry
  const known = `actions.${action}` as 'actions.named-key.create'
  const actorName = useActorName()
  return (
    <li className="relative grid min-w-0 gap-0.5 border-line border-l-2 pl-3.5">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span className="wrap-anywhere min-w-0 font-medium">{t.has(known) ? t(known, { target }) : action}</span>
        {result !== 'ok' && <Badge tone="bad">{t(`results.${result}`)}</Badge>}
      </p>
      {details !== null && <HistoryFacts action={action} details={details} />}
      <p className="text-ink-soft text-xs">
        {actorName(actor)} · <RelativeTime iso={at} />
      </p>
    </li>
  )
}
