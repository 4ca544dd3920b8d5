import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { fetchJson } from '#lib/fetch-json.ts'
import {
  type CreateNamespaceInput,
  type Namespace,
  namespaceDetailsSchema,
  namespacePageSchema,
  namespaceSchema,
  type SetSignaturesInput,
} from '#lib/schemas/namespaces.ts'

const BASE_URL = '/api/v1/admin/namespaces'

export const namespaceKeys = {
  all: ['namespaces'] as const,
  one: (name: string) => ['namespaces', 'one', name] as const,
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

export function namespaceQuery(name: string) {
  return queryOptions({
    queryKey: namespaceKeys.one(name),
    queryFn: ({ signal }) => fetchJson(urlOf(name), { schema: namespaceDetailsSchema, signal }),
  })
}

export function createNamespace(input: CreateNamespaceInput): Promise<Namespace> {
  return fetchJson(BASE_URL, { method: 'POST', body: input, schema: namespaceSchema })
}

export async function setSignatures(name: string, input: SetSignaturesInput): Promise<void> {
  await fetchJson(`${urlOf(name)}/signatures`, { method: 'PUT', body: input })
}

function urlOf(name: string): string {
  return `${BASE_URL}/${encodeURIComponent(name)}`
}
