import { queryOptions } from '@tanstack/react-query'
import type { z } from 'zod'
import { fetchJson } from '#lib/fetch-json.ts'
import {
  type ChangeNamedKeyInput,
  type CreateNamedKeyInput,
  createdNamedKeySchema,
  namedKeysSchema,
} from '#lib/schemas/named-keys.ts'

export function namedKeysQuery(namespace: string) {
  return queryOptions({
    queryKey: ['named-keys', namespace],
    queryFn: ({ signal }) => fetchJson(urlOf(namespace), { schema: namedKeysSchema, signal }),
  })
}

export function createNamedKey(
  namespace: string,
  input: CreateNamedKeyInput,
): Promise<z.infer<typeof createdNamedKeySchema>> {
  return fetchJson(urlOf(namespace), { method: 'POST', body: input, schema: createdNamedKeySchema })
}

export async function changeNamedKey(namespace: string, input: ChangeNamedKeyInput): Promise<void> {
  await fetchJson(`${urlOf(namespace)}/changes`, { method: 'POST', body: input })
}

function urlOf(namespace: string): string {
  return `/api/v1/admin/namespaces/${encodeURIComponent(namespace)}/named-keys`
}
