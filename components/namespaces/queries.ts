import { infiniteQueryOptions } from '@tanstack/react-query'
import { fetchJson } from '#lib/fetch-json.ts'
import {
  type CreateNamespaceInput,
  type Namespace,
  namespacePageSchema,
  namespaceSchema,
  type SetEncryptionInput,
} from '#lib/schemas/namespaces.ts'

const BASE_URL = '/api/v1/admin/namespaces'

export const namespaceKeys = {
  all: ['namespaces'] as const,
  list: (search: string) => ['namespaces', 'list', search] as const,
}

export function namespaceListQuery(search: string) {
  return infiniteQueryOptions({
    queryKey: namespaceKeys.list(search),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ search, ...(pageParam === null ? {} : { cursor: pageParam }) })
      return fetchJson(`${BASE_URL}?${query}`, { schema: namespacePageSchema, signal })
    },
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: (previous) => previous,
  })
}

export function createNamespace(input: CreateNamespaceInput): Promise<Namespace> {
  return fetchJson(BASE_URL, { method: 'POST', body: input, schema: namespaceSchema })
}

export function setEncryption(name: string, input: SetEncryptionInput): Promise<Namespace> {
  return fetchJson(`${BASE_URL}/${encodeURIComponent(name)}/encryption`, {
    method: 'PUT',
    body: input,
    schema: namespaceSchema,
  })
}
