import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiRequestError } from '#lib/fetch-json.ts'

const RETRIES_MAX = 2

/** A cache that asks again only where asking again can help, and tells when an answer shows that the session is over. */
export function createQueryClient(onSignedOut: () => void): QueryClient {
  const onError = (error: Error) => {
    if (error instanceof ApiRequestError && error.failure.code === 'NotSignedIn') onSignedOut()
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
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
