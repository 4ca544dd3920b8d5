'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslations } from 'use-intl'
import { bucketCoverageQuery, isMoving } from '#components/encryption/queries.ts'
import { CoverageTable } from '#components/shared/coverage-table.tsx'
import type { Migration } from '#lib/schemas/encryption.ts'

interface BucketCoverageProps {
  namespace: string
  migration: Migration | null
}

/** The encrypted share of each bucket. */
export function BucketCoverage({ namespace, migration }: BucketCoverageProps) {
  const t = useTranslations('protection.buckets')
  const query = useInfiniteQuery(bucketCoverageQuery(namespace, isMoving(migration)))
  return (
    <CoverageTable
      title={t('title')}
      emptyText={t('empty')}
      query={query}
      rowsOf={({ buckets }) => buckets.map(({ name, ...coverage }) => ({ name, title: name, coverage }))}
    />
  )
}
