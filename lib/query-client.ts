import { QueryClient } from '@tanstack/react-query'
import { ApiRequestError } from '#lib/fetch-json.ts'

const RETRIES_MAX = 2

/** A cache that asks again only where asking again can help. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (failureCount, error) => failureCount < RETRIES_MAX && mayPass(error),
      },
    },
  })
}

/** Refusals (4xx) and malformed answers stay what they are; a lost connection or a busy server may not. */
function mayPass(error: Error): boolean {
  if (!(error instanceof ApiRequestError)) return false
  const { status } = error.failure
  return status === 0 || status === 429 || status >= 500
}
