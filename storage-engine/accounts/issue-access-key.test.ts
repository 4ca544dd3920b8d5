import { afterAll, beforeAll, expect, test } from 'vitest'
import { issueAccessKey } from '#storage-engine/accounts/issue-access-key.ts'
import { newId } from '#storage-engine/ids.ts'
import { findAccessKey } from '#storage-engine/metadata/accounts.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

let setting: TestEngine
let holder: { namespaceId: string; objectUserId: string }

beforeAll(async () => {
  setting = await startTestEngine()
  const { namespaceId, rootObjectUserId } = await createNamespace(setting.engine, {
    name: 'acme',
    displayName: 'Acme',
    encryptionMode: 'on',
  })
  holder = { namespaceId, objectUserId: rootObjectUserId }
})
afterAll(() => setting.stop())

test('issues a key in the form that clients expect, another one each time', async () => {
  const first = await issueAccessKey(setting.engine, holder)
  const second = await issueAccessKey(setting.engine, holder)
  expect(first.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/)
  expect(first.secretAccessKey).toMatch(/^[A-Za-z0-9_-]{40}$/)
  expect(second.accessKeyId).not.toBe(first.accessKeyId)
  expect(second.secretAccessKey).not.toBe(first.secretAccessKey)
})

test('keeps the secret sealed, for this key only', async () => {
  const { db, keyring } = setting.engine
  const { accessKeyId, secretAccessKey } = await issueAccessKey(setting.engine, holder)
  const stored = await findAccessKey(db, { accessKeyId })
  expect(stored).toMatchObject({
    state: 'active',
    holder: { kind: 'object-user', isRoot: true, namespaceId: holder.namespaceId },
  })
  const sealed = stored?.sealedSecret as Buffer
  expect(sealed.includes(secretAccessKey)).toBe(false)
  const opened = await keyring.openSecret({ purpose: 'credential', context: accessKeyId, sealed })
  expect(opened.toString()).toBe(secretAccessKey)
  await expect(keyring.openSecret({ purpose: 'credential', context: 'AKIAOTHER', sealed })).rejects.toThrow()
})

test('refuses a holder of another namespace', async () => {
  const other = await createNamespace(setting.engine, { name: 'globex', displayName: 'Globex', encryptionMode: 'off' })
  const mixed = { namespaceId: other.namespaceId, objectUserId: holder.objectUserId }
  await expect(issueAccessKey(setting.engine, mixed)).rejects.toMatchObject({ code: 'InvalidArgument' })
  const nobody = { namespaceId: holder.namespaceId, storageAccountId: newId() }
  await expect(issueAccessKey(setting.engine, nobody)).rejects.toMatchObject({ code: 'InvalidArgument' })
})
