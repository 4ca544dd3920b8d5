import { describe, expect, it } from 'vitest'
import { ApiRequestError } from '#lib/fetch-json.ts'
import { ATTEMPTS_MAX, retryDelayMs, sleep, withRetries } from '#lib/upload/retry.ts'

const failure = (status: number) => new ApiRequestError({ status, code: `Http${status}`, message: '', requestId: null })

function run(errors: unknown[], signal = new AbortController().signal) {
  const delays: number[] = []
  let calls = 0
  const result = withRetries(
    { random: () => 1, sleep: async (delayMs) => void delays.push(delayMs) },
    signal,
    async () => {
      const error = errors[calls++]
      if (error !== undefined) throw error
      return 'stored'
    },
  )
  return { result, delays, calls: () => calls }
}

describe('withRetries', () => {
  it.each([0, 408, 429, 500, 503])('tries again after %i with a doubling delay', async (status) => {
    const { result, delays } = run([failure(status), failure(status)])
    await expect(result).resolves.toBe('stored')
    expect(delays).toEqual([400, 800])
  })

  it.each([400, 403, 404, 412, 501, 507])('gives up at once after %i', async (status) => {
    const { result, calls } = run([failure(status)])
    await expect(result).rejects.toMatchObject({ failure: { status } })
    expect(calls()).toBe(1)
  })

  it('gives up after the last attempt', async () => {
    const { result, calls } = run(Array.from({ length: 20 }, () => failure(503)))
    await expect(result).rejects.toMatchObject({ failure: { status: 503 } })
    expect(calls()).toBe(ATTEMPTS_MAX)
  })

  it('does not try again once aborted', async () => {
    const { result, calls } = run([failure(503), failure(503)], AbortSignal.abort())
    await expect(result).rejects.toMatchObject({ failure: { status: 503 } })
    expect(calls()).toBe(1)
  })

  it('spreads delays over the upper half and caps them at 20 s', () => {
    expect(retryDelayMs(1, () => 0)).toBe(200)
    expect(retryDelayMs(30, () => 1)).toBe(20_000)
  })

  it('wakes a sleeper when its signal aborts', async () => {
    const controller = new AbortController()
    const sleeping = sleep(60_000, controller.signal)
    controller.abort(new Error('paused'))
    await expect(sleeping).rejects.toThrow('paused')
  })
})
