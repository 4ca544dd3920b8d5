import { describe, expect, it, vi } from 'vitest'
import { ApiRequestError } from '#lib/fetch-json.ts'
import { createQueryClient } from '#lib/query-client.ts'

function ask(status: number, code: string) {
  const onSignedOut = vi.fn()
  const queryFn = vi.fn(() => Promise.reject(new ApiRequestError({ status, code, message: '', requestId: null })))
  const result = createQueryClient(onSignedOut).fetchQuery({
    queryKey: ['any'],
    queryFn,
    retryDelay: 0,
    retry: retryOf(),
  })
  return { result, queryFn, onSignedOut }

  // fetchQuery never retries by itself; a screen's query takes the client's own rule.
  function retryOf() {
    const { retry } = createQueryClient(onSignedOut).getDefaultOptions().queries ?? {}
    return retry ?? false
  }
}

describe('createQueryClient', () => {
  it.each([0, 429, 500, 503])('asks again after %i, twice', async (status) => {
    const { result, queryFn } = ask(status, 'Busy')
    await expect(result).rejects.toThrow()
    expect(queryFn).toHaveBeenCalledTimes(3)
  })

  it.each([400, 403, 404, 409])('takes a refusal of %i as it is', async (status) => {
    const { result, queryFn, onSignedOut } = ask(status, 'AccessDenied')
    await expect(result).rejects.toThrow()
    expect(queryFn).toHaveBeenCalledTimes(1)
    expect(onSignedOut).not.toHaveBeenCalled()
  })

  it('tells when the session is over, for queries and mutations', async () => {
    const { result, onSignedOut } = ask(401, 'NotSignedIn')
    await expect(result).rejects.toThrow()
    expect(onSignedOut).toHaveBeenCalledOnce()
    const client = createQueryClient(onSignedOut)
    const failure = new ApiRequestError({ status: 401, code: 'NotSignedIn', message: '', requestId: null })
    const mutation = client.getMutationCache().build(client, { mutationFn: () => Promise.reject(failure) })
    await expect(mutation.execute(undefined)).rejects.toThrow()
    expect(onSignedOut).toHaveBeenCalledTimes(2)
  })
})
