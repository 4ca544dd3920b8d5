import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Actor, type NamespacePermission, permissionsOf } from '#storage-engine/accounts/actor.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import { createService, type Service } from '#storage-engine/service/service.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

let test: TestEngine
let service: Service
let namespaceId: string

beforeAll(async () => {
  test = await startTestEngine({ SCEAU_WEBHOOK_ALLOWED_ADDRESSES: '10.0.0.0/8' })
  service = createService(test.engine)
  namespaceId = (await createNamespace(test.engine, { name: 'acme', displayName: 'Acme', encryptionMode: 'on' }))
    .namespaceId
})

afterAll(async () => {
  await service.close()
  await test.stop()
})

function actor(permissions: NamespacePermission[] | 'administrator' | 'stranger'): Actor {
  const isMember = typeof permissions !== 'string'
  const member = { namespaceId, name: 'acme', displayName: 'Acme', role: 'member' as const }
  return {
    userId: '01900000-0000-7000-8000-000000000009',
    username: 'someone',
    displayName: 'Someone',
    isAdministrator: permissions === 'administrator',
    memberships: isMember ? [{ ...member, permissions: permissionsOf('member', permissions) }] : [],
    address: null,
    requestId: 'r',
  }
}

const hook = { namespace: 'acme', name: 'hook', url: 'https://10.1.2.3/' }

describe('webhooks of a namespace', () => {
  it('are made, listed and removed by members who may write, and by administrators', async () => {
    for (const who of [actor(['object-storage_read', 'object-storage_write']), actor('administrator')]) {
      const made = await service.webhooks.create(who, hook)
      expect(made).toEqual({ arn: 'arn:aws:sns:us-east-1:acme:hook', secret: expect.stringMatching(/^\w{64}$/) })
      const [listed] = await service.webhooks.list(who, { namespace: 'acme' })
      expect(listed).toEqual({ name: 'hook', url: hook.url, arn: made.arn, createdAt: expect.any(String) })
      await service.webhooks.delete(who, hook)
      expect(await service.webhooks.list(who, { namespace: 'acme' })).toEqual([])
      await expect(service.webhooks.delete(who, hook)).rejects.toMatchObject({ code: 'NoSuchWebhook' })
      expect(await service.webhooks.retry(who, { namespace: 'acme' })).toEqual({ count: 0 })
    }
  })

  it('are looked at by readers, and not there for strangers', async () => {
    const reader = actor(['object-storage_read'])
    expect(await service.webhooks.list(reader, { namespace: 'acme' })).toEqual([])
    expect(await service.webhooks.deliveries(reader, { namespace: 'acme', limit: 5 })).toEqual({
      deliveries: [],
      nextCursor: null,
    })
    await expect(service.webhooks.create(reader, hook)).rejects.toMatchObject({ code: 'AccessDenied' })
    await expect(service.webhooks.delete(reader, hook)).rejects.toMatchObject({ code: 'AccessDenied' })
    await expect(service.webhooks.retry(reader, hook)).rejects.toMatchObject({ code: 'AccessDenied' })
    await expect(service.webhooks.list(actor('stranger'), hook)).rejects.toMatchObject({ code: 'NoSuchNamespace' })
    await expect(service.webhooks.list(actor('administrator'), { namespace: 'x' })).rejects.toMatchObject({
      code: 'NoSuchNamespace',
    })
  })
})
