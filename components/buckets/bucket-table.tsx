'use client'
import { Ellipsis, FolderOpen, Trash2 } from 'lucide-react'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useTranslations } from 'use-intl'
import type { BucketList } from '#components/buckets/queries.ts'
import { filesHref } from '#components/objects/files-href.ts'
import { ByteSize } from '#components/shared/byte-size.tsx'
import { CoverageBadge } from '#components/shared/encryption-badge.tsx'
import { RelativeTime } from '#components/shared/relative-time.tsx'
import { ariaSort, SortButton } from '#components/shared/sort-button.tsx'
import { useFormat } from '#components/shared/use-format.ts'
import { Button } from '#components/ui/button.tsx'
import { Menu, MenuItem } from '#components/ui/menu.tsx'
import { Table, TableCell, TableHead } from '#components/ui/table.tsx'
import type { Bucket } from '#lib/schemas/buckets.ts'

interface BucketTableProps {
  namespace: string
  buckets: readonly Bucket[]
  list: BucketList
  onSort: (sort: BucketList['sort']) => void
  /** Null when the role may not delete. */
  onDelete: ((bucket: Bucket) => void) | null
}

/** Narrow screens keep the name, the size and the actions; the rest is in the row of a wide one. */
export function BucketTable({ namespace, buckets, list, onSort, onDelete }: BucketTableProps) {
  const t = useTranslations()
  const orderOf = (sort: BucketList['sort']) => (list.sort === sort ? list.order : null)
  const head = (sort: BucketList['sort'], label: string, className: string) => (
    <TableHead aria-sort={ariaSort(orderOf(sort))} className={className}>
      <SortButton
        label={label}
        order={orderOf(sort)}
        toRight={className.includes('text-right')}
        onClick={() => onSort(sort)}
      />
    </TableHead>
  )
  return (
    <Table aria-label={t('buckets.title')}>
      <thead>
        <tr>
          {head('name', t('common.name'), 'pl-4')}
          {head('objects', t('buckets.objects'), 'hidden text-right sm:table-cell')}
          {head('size', t('common.size'), 'text-right')}
          <TableHead className="hidden md:table-cell">{t('buckets.encryption')}</TableHead>
          {head('created', t('buckets.created'), 'hidden lg:table-cell')}
          <TableHead className="w-12">
            <span className="sr-only">{t('common.actions')}</span>
          </TableHead>
        </tr>
      </thead>
      <tbody className="[&_tr:last-child_td]:border-b-0">
        {buckets.map((bucket) => (
          <BucketRow key={bucket.name} namespace={namespace} bucket={bucket} onDelete={onDelete} />
        ))}
      </tbody>
    </Table>
  )
}

function BucketRow({
  namespace,
  bucket,
  onDelete,
}: Pick<BucketTableProps, 'namespace' | 'onDelete'> & { bucket: Bucket }) {
  const t = useTranslations()
  const format = useFormat()
  const router = useRouter()
  const href = filesHref({ namespace, bucket: bucket.name, prefix: '' })
  return (
    <tr className="relative hover:bg-hover">
      <TableCell className="max-w-0 py-2 pl-4 sm:w-2/5">
        <Link
          href={href}
          className="block truncate font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-focus focus-visible:after:-outline-offset-2"
        >
          {bucket.name}
        </Link>
        <span className="mt-1 flex md:hidden [&>span]:whitespace-normal [&>span]:rounded-lg">
          <CoverageBadge encryption={bucket.encryption} />
        </span>
      </TableCell>
      <TableCell className="hidden text-right tabular-nums sm:table-cell">{format.count(bucket.objectCount)}</TableCell>
      <TableCell className="w-28 text-right">
        <ByteSize bytes={bucket.sizeBytes} />
      </TableCell>
      <TableCell className="hidden md:table-cell">
        <CoverageBadge encryption={bucket.encryption} />
      </TableCell>
      <TableCell className="hidden text-ink-soft lg:table-cell">
        <RelativeTime iso={bucket.createdAt} />
      </TableCell>
      <TableCell className="relative z-10 w-12 pr-2 pl-0 text-right">
        <Menu
          trigger={
            <Button variant="ghost" size="icon" aria-label={t('buckets.actions', { name: bucket.name })}>
              <Ellipsis aria-hidden />
            </Button>
          }
        >
          <MenuItem onClick={() => router.push(href)}>
            <FolderOpen aria-hidden />
            {t('buckets.open')}
          </MenuItem>
          {onDelete !== null && (
            <MenuItem tone="danger" onClick={() => onDelete(bucket)}>
              <Trash2 aria-hidden />
              {t('common.delete')}
            </MenuItem>
          )}
        </Menu>
      </TableCell>
    </tr>
  )
}
