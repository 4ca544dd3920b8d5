'use client'
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import Link from 'next/link'
import { useTranslations } from 'use-intl'
import { ByteSize } from '#components/shared/byte-size.tsx'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { LoadMore } from '#components/shared/load-more.tsx'
import { ShareMeter } from '#components/shared/share-meter.tsx'
import { Card } from '#components/ui/card.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'
import { Table, TableCell, TableHead } from '#components/ui/table.tsx'
import { type Coverage, encryptedShare } from '#lib/encrypted-share.ts'

export interface CoverageRow {
  /** Tells the rows apart. */
  name: string
  title: string
  coverage: Coverage
  /** Where the row leads. */
  href?: string
  /** A line under the title. */
  note?: string
}

interface CoverageTableProps<Page> {
  title: string
  emptyText: string
  query: UseInfiniteQueryResult<InfiniteData<Page>>
  rowsOf: (page: Page) => CoverageRow[]
}

/** The encrypted share of each of many, in a card. Narrow screens leave the bytes out. */
export function CoverageTable<Page>({ title, emptyText, query, rowsOf }: CoverageTableProps<Page>) {
  const t = useTranslations()
  const rows = query.data?.pages.flatMap(rowsOf)
  return (
    <Card>
      <h2 className="px-5 pt-4 pb-2 font-semibold">{title}</h2>
      {query.error !== null && rows === undefined && (
        <div className="px-5 pb-5">
          <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
        </div>
      )}
      {query.isPending && <Skeleton className="mx-5 mb-5 h-24" />}
      {rows?.length === 0 && <p className="px-5 pb-5 text-ink-soft">{emptyText}</p>}
      {rows !== undefined && rows.length > 0 && (
        <Table aria-label={title}>
          <thead>
            <tr>
              <TableHead className="w-2/5 pl-5">{t('common.name')}</TableHead>
              <TableHead className="min-w-36">{t('encryption.share')}</TableHead>
              <TableHead className="hidden text-right sm:table-cell">{t('encryption.sealed')}</TableHead>
              <TableHead className="hidden pr-5 text-right sm:table-cell">{t('encryption.plain')}</TableHead>
            </tr>
          </thead>
          <tbody className="[&_tr:last-child_td]:border-b-0">
            {rows.map((row) => (
              <Row key={row.name} row={row} />
            ))}
          </tbody>
        </Table>
      )}
      {query.hasNextPage && (
        <div className="border-line border-t p-3 text-center">
          <LoadMore query={query} size="small" />
        </div>
      )}
    </Card>
  )
}

function Row({ row: { name, title, coverage, href, note } }: { row: CoverageRow }) {
  const t = useTranslations('encryption')
  const share = encryptedShare(coverage)
  return (
    <tr className={href === undefined ? undefined : 'relative hover:bg-hover'}>
      <TableCell className="max-w-0 py-2.5 pl-5">
        {href === undefined ? (
          <span className="block truncate font-medium" title={title}>
            {title}
          </span>
        ) : (
          <Link
            href={href}
            className="block truncate font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-focus focus-visible:after:-outline-offset-2"
          >
            {title}
          </Link>
        )}
        {note !== undefined && <p className="text-pretty text-ink-soft text-xs">{note}</p>}
      </TableCell>
      <TableCell>
        {share === null ? (
          <span className="text-ink-soft text-xs">{t('nothing')}</span>
        ) : (
          <ShareMeter name={name} share={share} coverage={coverage} />
        )}
      </TableCell>
      <TableCell className="hidden text-right sm:table-cell">
        <ByteSize bytes={coverage.encryptedBytes} />
      </TableCell>
      <TableCell className="hidden pr-5 text-right sm:table-cell">
        <ByteSize bytes={coverage.plainBytes} />
      </TableCell>
    </tr>
  )
}
