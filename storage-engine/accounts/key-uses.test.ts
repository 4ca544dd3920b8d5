import { afterAll, beforeAll, expect, test } from 'vitest'
import { issueAccessKey } from '#storage-engine/accounts/issue-access-key.ts'
import { createKeyUses } from '#storage-engine/accounts/key-uses.ts'
import { findKeyWithHolder } from '#storage-engine/metadata/iam-access-keys.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

let setting: TestEngine
let namespaceId: string
let accessKeyId: string

beforeAll(async () => {
  setting = await startTestEngine()
  const made = await createNamespace(setting.engine, { name: 'uses', displayName: 'Uses', encryptionMode: 'off' })
  namespaceId = made.namespaceId
  accessKeyId = (await issueAccessKey(setting.engine, { namespaceId, objectUserId: made.rootObjectUserId })).accessKeyId
})
afterAll(() => setting.stop())

const stored = () => findKeyWithHolder(setting.engine.db, { namespaceId, accessKeyId })

test('writes down when a key was used last, and for what, and never goes back', async () => {
  expect(await stored()).toMatchObject({ lastUsedAt: null, lastUsedService: null })
  const noon = Date.UTC(2030, 0, 1, 12)
  for (const [now, service, lastUsedAt, lastUsedService] of [
    [noon, 's3', noon, 's3'],
    [noon - 1000, 'iam', noon, 's3'],
    [noon + 1000, 'sts', noon + 1000, 'sts'],
  ] as const) {
    const uses = createKeyUses(setting.engine, { now: () => now })
    uses.note(accessKeyId, service)
    uses.note('AKIAUNKNOWN', service)
    await uses.close()
    expect(await stored()).toMatchObject({ lastUsedAt: new Date(lastUsedAt), lastUsedService })
  }
})

test('writes on its own from time to time', async () => {
  const now = Date.UTC(2031, 0, 1)
  const uses = createKeyUses(setting.engine, { now: () => now, intervalMs: 5 })
  uses.note(accessKeyId, 's3')
  await expect.poll(async () => (await stored())?.lastUsedAt).toEqual(new Date(now))
  await uses.close()
})
