import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findWebhook } from '#storage-engine/metadata/webhooks.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import { openWebhookSecret, registerWebhook } from '#storage-engine/namespaces/webhooks.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

let test: TestEngine
let namespaceId: string

beforeAll(async () => {
  test = await startTestEngine({ SCEAU_WEBHOOK_ALLOWED_ADDRESSES: '10.0.0.0/8' })
  const made = await createNamespace(test.engine, { name: 'acme', displayName: 'Acme', encryptionMode: 'on' })
  namespaceId = made.namespaceId
})

afterAll(() => test.stop())

const register = (name: string, url: string) => registerWebhook(test.engine, { namespaceId, name, url })

describe('a webhook', () => {
  it('has a secret that is kept sealed', async () => {
    const { secret } = await register('hook', 'https://10.1.2.3/events')
    expect(secret).toMatch(/^[0-9a-f]{64}$/)
    const stored = await findWebhook(test.engine.db, { namespaceId, name: 'hook' })
    if (stored === null) throw new Error('no webhook')
    expect(stored.sealedSecret.includes(secret)).toBe(false)
    expect(await openWebhookSecret(test.engine, stored)).toBe(secret)
    await expect(register('hook', 'https://10.1.2.3/')).rejects.toMatchObject({ code: 'WebhookAlreadyExists' })
  })

  it.each([
    ['no name', '', 'https://10.1.2.3/'],
    ['a name that breaks its ARN', 'a:b', 'https://10.1.2.3/'],
    ['no URL', 'x', 'nowhere'],
    ['another scheme', 'x', 'file:///etc/passwd'],
    ['credentials', 'x', 'https://me:you@10.1.2.3/'],
    ['a long URL', 'x', `https://10.1.2.3/${'a'.repeat(2048)}`],
    ['C10: a loopback address', 'x', 'https://127.0.0.1/'],
    ['C10: a loopback address in other words', 'x', 'https://0x7f.1/'],
    ['C10: the address of a cloud that knows credentials', 'x', 'https://169.254.169.254/latest/'],
    ['no TLS to an address that nobody vouches for', 'x', 'http://8.8.8.8/'],
  ])('cannot have %s', async (_what, name, url) => {
    await expect(register(name, url)).rejects.toMatchObject({ code: 'InvalidArgument' })
  })

  it('may go without TLS to an address that the operator named', async () => {
    await expect(register('plain', 'http://10.1.2.3/')).resolves.toMatchObject({ secret: expect.any(String) })
  })

  it('is one of a hundred at most', async () => {
    for (let count = 2; count < 100; count++) await register(`hook-${count}`, 'https://10.1.2.3/')
    await expect(register('more', 'https://10.1.2.3/')).rejects.toMatchObject({ code: 'TooManyWebhooks' })
  })
})
