import net, { type AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { postWebhook } from '#storage-engine/jobs/post-webhook.ts'
import { startTestWebhook, type TestWebhook } from '#storage-engine/testing/start-test-webhook.ts'

const ALLOWED = ['127.0.0.1']
const MESSAGE = { secret: 's', eventId: 1, body: '{}', now: 0 }

let webhook: TestWebhook

beforeEach(async () => {
  webhook = await startTestWebhook()
})

afterEach(() => webhook.stop())

describe('a message to a webhook', () => {
  it('goes to the address that its name was checked for, under that name', async () => {
    const url = webhook.url.replace('127.0.0.1', 'localhost')
    expect(await postWebhook({ ...MESSAGE, url }, ALLOWED)).toEqual({ status: 200, error: null })
    expect(webhook.received[0]?.headers.host).toBe(new URL(url).host)
  })

  it('C10: goes nowhere without leave, and not in plain text to the public', async () => {
    const { error } = await postWebhook({ ...MESSAGE, url: webhook.url }, [])
    expect(error).toContain('has no address to which webhooks may go')
    const plain = await postWebhook({ ...MESSAGE, url: 'http://8.8.8.8/' }, ALLOWED)
    expect(plain.error).toBe('Webhooks go over TLS')
    expect(webhook.received).toEqual([])
  })

  it('does not go to a receiver whose certificate nobody vouches for', async () => {
    const sealed = await startTestWebhook({ isTls: true })
    const answer = await postWebhook({ ...MESSAGE, url: sealed.url }, ALLOWED)
    expect(answer).toEqual({ status: null, error: expect.stringMatching(/certificate/) })
    expect(sealed.received).toEqual([])
    await sealed.stop()
  })

  it('has failed when nobody listens, or whoever does hangs up', async () => {
    const rude = net.createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(rude.address() as AddressInfo).port}/`
    expect(await postWebhook({ ...MESSAGE, url }, ALLOWED)).toEqual({ status: null, error: expect.any(String) })
    await new Promise((resolve) => rude.close(resolve))
    expect((await postWebhook({ ...MESSAGE, url }, ALLOWED)).error).toContain('ECONNREFUSED')
  })
})
