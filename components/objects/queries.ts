import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { type ApiFailure, ApiRequestError, failureOf, fetchJson } from '#lib/fetch-json.ts'
import { type Activity, activitySchema } from '#lib/schemas/activities.ts'
import {
  DELETION_ENTRIES_MAX,
  type DeletionPreview,
  deletionPreviewSchema,
  deletionSchema,
  type ListObjectsQuery,
  objectDetailsSchema,
  objectPageSchema,
} from '#lib/schemas/objects.ts'
import type { SortOrder } from '#lib/schemas/page.ts'
import { objectDataUrl } from '#lib/schemas/transfers.ts'

const PAGE_LIMIT = 500
const ACTIVITY_PAUSE_MS = 700

export interface BucketAddress {
  namespace: string
  bucket: string
}

export interface ObjectList {
  prefix: string
  search: string
  scope: NonNullable<ListObjectsQuery['scope']>
  sort: NonNullable<ListObjectsQuery['sort']>
  order: SortOrder
}

const namespaceUrl = (namespace: string) => `/api/v1/namespaces/${encodeURIComponent(namespace)}`
const bucketUrl = ({ namespace, bucket }: BucketAddress) =>
  `${namespaceUrl(namespace)}/buckets/${encodeURIComponent(bucket)}`

export const objectKeys = {
  all: ({ namespace, bucket }: BucketAddress) => ['objects', namespace, bucket] as const,
  list: (address: BucketAddress, list: ObjectList) => [...objectKeys.all(address), 'list', list] as const,
  details: (address: BucketAddress, key: string) => [...objectKeys.all(address), 'details', key] as const,
  text: (address: BucketAddress, key: string, etag: string) => [...objectKeys.all(address), 'text', key, etag] as const,
  deletion: (address: BucketAddress, entries: DeletionEntries) =>
    [...objectKeys.all(address), 'deletion', entries] as const,
}

export function objectListQuery(address: BucketAddress, list: ObjectList) {
  return infiniteQueryOptions({
    queryKey: objectKeys.list(address, list),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const page = { limit: String(PAGE_LIMIT), ...(pageParam === null ? {} : { cursor: pageParam }) }
      const query = new URLSearchParams({ ...list, ...page })
      return fetchJson(`${bucketUrl(address)}/objects?${query}`, { schema: objectPageSchema, signal })
    },
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: (previous) => previous,
  })
}

export function objectDetailsQuery(address: BucketAddress, key: string) {
  return queryOptions({
    queryKey: objectKeys.details(address, key),
    queryFn: ({ signal }) =>
      fetchJson(`${bucketUrl(address)}/object?${new URLSearchParams({ key })}`, {
        schema: objectDetailsSchema,
        signal,
      }),
  })
}

/** The first `bytesMax` bytes of an object as text; malformed UTF-8 shows as replacement characters. */
export function objectTextQuery(
  address: BucketAddress,
  { key, etag, size }: { key: string; etag: string; size: number },
  bytesMax: number,
) {
  return queryOptions({
    queryKey: objectKeys.text(address, key, etag),
    queryFn: async ({ signal }) => {
      if (size === 0) return ''
      const headers = size > bytesMax ? { range: `bytes=0-${bytesMax - 1}` } : {}
      const response = await fetch(objectDataUrl({ ...address, key }, 'inline'), {
        headers,
        signal,
        credentials: 'same-origin',
      })
      if (!response.ok) throw new ApiRequestError(failureOf(response.status, await response.text(), response.headers))
      return new TextDecoder().decode(await response.arrayBuffer())
    },
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export interface DeletionEntries {
  keys: readonly string[]
  prefixes: readonly string[]
}

/** What a deletion would take, however many entries it names. */
export function deletionPreviewQuery(address: BucketAddress, entries: DeletionEntries) {
  return queryOptions({
    queryKey: objectKeys.deletion(address, entries),
    queryFn: async ({ signal }): Promise<DeletionPreview> => {
      const total = { objectCount: 0, sizeBytes: 0 }
      for (const body of inRequests(entries)) {
        const url = `${bucketUrl(address)}/deletions/preview`
        const page = await fetchJson(url, { method: 'POST', body, schema: deletionPreviewSchema, signal })
        total.objectCount += page.objectCount
        total.sizeBytes += page.sizeBytes
      }
      return total
    },
    gcTime: 0,
    staleTime: 0,
  })
}

/** Deletes everything named and waits for the end, reporting how many objects are gone. Throws ApiRequestError. */
export async function deleteEntries(
  address: BucketAddress,
  entries: DeletionEntries,
  onProgress: (doneCount: number) => void,
): Promise<number> {
  let before = 0
  for (const body of inRequests(entries)) {
    const url = `${bucketUrl(address)}/deletions`
    let { activity } = await fetchJson(url, { method: 'POST', body, schema: deletionSchema })
    onProgress(before + activity.doneCount)
    while (activity.state === 'queued' || activity.state === 'running') {
      await new Promise((resolve) => setTimeout(resolve, ACTIVITY_PAUSE_MS))
      activity = await fetchActivity(address.namespace, activity.id)
      onProgress(before + activity.doneCount)
    }
    if (activity.state !== 'done') throw new ApiRequestError(failureOfActivity(activity))
    before += activity.doneCount
  }
  return before
}

function fetchActivity(namespace: string, id: string): Promise<Activity> {
  return fetchJson(`${namespaceUrl(namespace)}/activities/${encodeURIComponent(id)}`, { schema: activitySchema })
}

function failureOfActivity({ id, message, notice }: Activity): ApiFailure {
  return {
    status: 0,
    code: 'ActivityFailed',
    message: message ?? '',
    requestId: id,
    ...(notice !== null && { notice }),
  }
}

/** A request names at most a thousand entries of each kind. */
function inRequests({ keys, prefixes }: DeletionEntries): { keys: string[]; prefixes: string[] }[] {
  const count = Math.ceil(Math.max(keys.length, prefixes.length) / DELETION_ENTRIES_MAX)
  return Array.from({ length: count }, (_, index) => {
    const page = [index * DELETION_ENTRIES_MAX, (index + 1) * DELETION_ENTRIES_MAX] as const
    return { keys: keys.slice(...page), prefixes: prefixes.slice(...page) }
  })
}
