import { infiniteQueryOptions } from '@tanstack/react-query'
import { fetchJson } from '#lib/fetch-json.ts'
import {
  type Bucket,
  bucketPageSchema,
  bucketSchema,
  type CreateBucketInput,
  type DeleteBucketInput,
  type ListBucketsQuery,
} from '#lib/schemas/buckets.ts'
import type { SortOrder } from '#lib/schemas/page.ts'

const baseUrl = (namespace: string) => `/api/v1/namespaces/${encodeURIComponent(namespace)}/buckets`

export interface BucketList {
  search: string
  sort: NonNullable<ListBucketsQuery['sort']>
  order: SortOrder
}

export const bucketKeys = {
  all: (namespace: string) => ['buckets', namespace] as const,
  list: (namespace: string, list: BucketList) => ['buckets', namespace, 'list', list] as const,
}

export function bucketListQuery(namespace: string, list: BucketList) {
  return infiniteQueryOptions({
    queryKey: bucketKeys.list(namespace, list),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ ...list, limit: '200', ...(pageParam === null ? {} : { cursor: pageParam }) })
      return fetchJson(`${baseUrl(namespace)}?${query}`, { schema: bucketPageSchema, signal })
    },
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: (previous) => previous,
  })
}

export function createBucket(namespace: string, input: CreateBucketInput): Promise<Bucket> {
  return fetchJson(baseUrl(namespace), { method: 'POST', body: input, schema: bucketSchema })
}

export async function deleteBucket(namespace: string, bucket: string, input: DeleteBucketInput): Promise<void> {
  await fetchJson(`${baseUrl(namespace)}/${encodeURIComponent(bucket)}`, { method: 'DELETE', body: input })
}
