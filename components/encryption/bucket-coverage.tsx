'use client'
import { Meter } from '@base-ui/react/meter'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslations } from 'use-intl'
import { bucketCoverageQuery, isMoving } from '#components/encryption/queries.ts'
import { ByteSize } from '#components/shared/byte-size.tsx'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { useFormat } from '#components/shared/use-format.ts'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'
import { Table, TableCell, TableHead } from '#components/ui/table.tsx'
import type { BucketCoverage as Coverage, Migration } from '#lib/schemas/encryption.ts'

interface BucketCoverageProps {
  namespace: string
  migration: Migration | null
}

/** The encrypted share of each bucket. */
export function BucketCoverage({ namespace, migration }: BucketCoverageProps) {
  const t = useTranslations()
  const query = useInfiniteQuery(bucketCoverageQuery(namespace, isMoving(migration)))
  const buckets = query.data?.pages.flatMap((page) => page.buckets)
  return (
    <Card>
      <h2 className="px-5 pt-4 pb-2 font-semibold">{t('protection.buckets.title')}</h2>
      {query.error !== null && buckets === undefined && (
        <div className="px-5 pb-5">
          <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
        </div>
      )}
      {query.isPending && <Skeleton className="mx-5 mb-5 h-24" />}
      {buckets?.length === 0 && <p className="px-5 pb-5 text-ink-soft">{t('protection.buckets.empty')}</p>}
      {buckets !== undefined && buckets.length > 0 && (
        <Table aria-label={t('protection.buckets.title')}>
          <thead>
            <tr>
              <TableHead className="w-2/5 pl-5">{t('common.name')}</TableHead>
              <TableHead className="min-w-36">{t('protection.buckets.share')}</TableHead>
              <TableHead className="hidden text-right sm:table-cell">{t('encryption.sealed')}</TableHead>
              <TableHead className="hidden pr-5 text-right sm:table-cell">{t('encryption.plain')}</TableHead>
            </tr>
          </thead>
          <tbody className="[&_tr:last-child_td]:border-b-0">
            {buckets.map((bucket) => (
              <BucketRow key={bucket.name} bucket={bucket} />
            ))}
          </tbody>
        </Table>
      )}
      {query.hasNextPage && (
        <div className="border-line border-t p-3 text-center">
          <Button size="small" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t('common.loadMore')}
          </Button>
        </div>
      )}
    </Card>
  )
}

function BucketRow({ bucket }: { bucket: Coverage }) {
  const t = useTranslations()
  const format = useFormat()
  const { name, encryptedBytes, plainBytes, encryptedCount, plainCount } = bucket
  const total = encryptedBytes + plainBytes
  const count = encryptedCount + plainCount
  const share = total > 0 ? encryptedBytes / total : count > 0 ? encryptedCount / count : null
  const text = t('encryption.coverage', { sealed: format.bytes(encryptedBytes), plain: format.bytes(plainBytes) })
  return (
    <tr>
      <TableCell className="max-w-0 pl-5">
        <span className="block truncate font-medium" title={name}>
          {name}
        </span>
      </TableCell>
      <TableCell>
        {share === null ? (
          <span className="text-ink-soft text-xs">{t('protection.buckets.nothing')}</span>
        ) : (
          <Meter.Root
            value={share * 100}
            aria-label={t('protection.shareLabel', { name })}
            aria-valuetext={text}
            className="flex items-center gap-2.5"
          >
            <Meter.Track className="h-2 grow overflow-hidden rounded-full bg-warn/25 ring-1 ring-line ring-inset">
              <Meter.Indicator className="bg-good transition-[width] duration-500" />
            </Meter.Track>
            <span className="w-11 shrink-0 text-right text-xs tabular-nums">
              {format.percent(Math.floor(share * 100) / 100)}
            </span>
          </Meter.Root>
        )}
      </TableCell>
      <TableCell className="hidden text-right sm:table-cell">
        <ByteSize bytes={encryptedBytes} />
      </TableCell>
      <TableCell className="hidden pr-5 text-right sm:table-cell">
        <ByteSize bytes={plainBytes} />
      </TableCell>
    </tr>
  )
}
