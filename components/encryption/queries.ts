import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { namespaceKeys } from '#components/namespaces/queries.ts'
import { fetchJson } from '#lib/fetch-json.ts'
import {
  bucketCoveragePageSchema,
  type ChangeMigrationInput,
  type ChangeNamespaceKeysInput,
  encryptionHistoryPageSchema,
  type Migration,
  type NamespaceEncryption,
  type NamespaceKeys,
  namespaceEncryptionSchema,
  namespaceKeysSchema,
  type ScheduleShredInput,
  type SetEncryptionInput,
} from '#lib/schemas/encryption.ts'

const PROGRESS_MS = 1_000
/** Of what is counted row by row. */
const COUNT_MS = 3_000

export const encryptionKeys = {
  all: (namespace: string) => ['encryption', namespace] as const,
  status: (namespace: string) => ['encryption', namespace, 'status'] as const,
  buckets: (namespace: string) => ['encryption', namespace, 'buckets'] as const,
  keys: (namespace: string) => ['encryption', namespace, 'keys'] as const,
  history: (namespace: string) => ['encryption', namespace, 'history'] as const,
}

/** Whether a migration still moves by itself. */
export function isMoving(migration: Migration | null): boolean {
  return migration?.state === 'running' || migration?.state === 'cleaning'
}

/** Asks again while a migration moves; when it has ended, what it changed is asked for again too. */
export function namespaceEncryptionQuery(namespace: string) {
  const queryKey = encryptionKeys.status(namespace)
  return queryOptions({
    queryKey,
    queryFn: async ({ signal, client }) => {
      const before = client.getQueryData<NamespaceEncryption>(queryKey)
      const encryption = await fetchJson(urlOf(namespace), { schema: namespaceEncryptionSchema, signal })
      if (isMoving(before?.migration ?? null) && !isMoving(encryption.migration)) {
        for (const changed of [encryptionKeys.buckets(namespace), encryptionKeys.history(namespace), namespaceKeys.all])
          void client.invalidateQueries({ queryKey: changed })
      }
      return encryption
    },
    refetchInterval: ({ state }) => (isMoving(state.data?.migration ?? null) ? PROGRESS_MS : false),
  })
}

/** `isChanging`: ask again and again, since a migration is on its way. */
export function bucketCoverageQuery(namespace: string, isChanging: boolean) {
  return infiniteQueryOptions({
    queryKey: encryptionKeys.buckets(namespace),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      fetchJson(`${urlOf(namespace)}/buckets${pageQuery(pageParam)}`, { schema: bucketCoveragePageSchema, signal }),
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: isChanging ? COUNT_MS : false,
  })
}

export function namespaceKeysQuery(namespace: string) {
  return queryOptions({
    queryKey: encryptionKeys.keys(namespace),
    queryFn: ({ signal }) => fetchJson(`${urlOf(namespace)}/keys`, { schema: namespaceKeysSchema, signal }),
    refetchInterval: ({ state }) => (state.data?.rewrap?.state === 'running' ? COUNT_MS : false),
  })
}

/** Of a namespace, or (null) of the whole service. */
export function encryptionHistoryQuery(namespace: string | null) {
  const url = namespace === null ? '/api/v1/admin/encryption' : urlOf(namespace)
  return infiniteQueryOptions({
    queryKey: namespace === null ? ['root-keys', 'history'] : encryptionKeys.history(namespace),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      fetchJson(`${url}/history${pageQuery(pageParam, 10)}`, { schema: encryptionHistoryPageSchema, signal }),
    getNextPageParam: (page) => page.nextCursor,
  })
}

export function setEncryption(namespace: string, input: SetEncryptionInput): Promise<NamespaceEncryption> {
  return fetchJson(urlOf(namespace), { method: 'PUT', body: input, schema: namespaceEncryptionSchema })
}

export function changeMigration(namespace: string, input: ChangeMigrationInput): Promise<NamespaceEncryption> {
  const url = `${urlOf(namespace)}/migration`
  return fetchJson(url, { method: 'POST', body: input, schema: namespaceEncryptionSchema })
}

export function changeNamespaceKeys(namespace: string, input: ChangeNamespaceKeysInput): Promise<NamespaceKeys> {
  return fetchJson(`${urlOf(namespace)}/keys`, { method: 'POST', body: input, schema: namespaceKeysSchema })
}

export function scheduleShred(namespace: string, input: ScheduleShredInput): Promise<NamespaceKeys> {
  return fetchJson(`${urlOf(namespace)}/shred`, { method: 'POST', body: input, schema: namespaceKeysSchema })
}

export function cancelShred(namespace: string): Promise<NamespaceKeys> {
  return fetchJson(`${urlOf(namespace)}/shred`, { method: 'DELETE', schema: namespaceKeysSchema })
}

/** Where a signed document of a namespace is got. */
export function signedDocumentUrl(namespace: string, document: 'attestation' | 'shred/record'): string {
  return `${urlOf(namespace)}/${document}`
}

function urlOf(namespace: string): string {
  return `/api/v1/admin/namespaces/${encodeURIComponent(namespace)}/encryption`
}

function pageQuery(cursor: string | null, limit = 100): string {
  return `?${new URLSearchParams({ limit: String(limit), ...(cursor === null ? {} : { cursor }) })}`
}
