import { afterAll, beforeAll, expect, test } from 'vitest'
import { getRootObjectUser } from '#storage-engine/metadata/accounts.ts'
import { findNamespaceByName } from '#storage-engine/metadata/namespaces.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

let setting: TestEngine

beforeAll(async () => {
  setting = await startTestEngine()
})
afterAll(() => setting.stop())

const create = (name: string, encryptionMode: 'off' | 'on' = 'on') =>
  createNamespace(setting.engine, { name, displayName: name, encryptionMode })

test('makes a namespace that can seal at once, with its root object user', async () => {
  const { namespaceId, rootObjectUserId } = await create('acme')
  expect(await getRootObjectUser(setting.engine.db, { namespaceId })).toMatchObject({
    id: rootObjectUserId,
    canonicalId: expect.stringMatching(/^[0-9a-f]{64}$/),
    isRoot: true,
  })
  const dataKey = await setting.engine.keyring.createDataKey({
    namespaceId,
    bucketId: namespaceId,
    versionId: namespaceId,
  })
  expect(dataKey.namespaceKeyVersion).toBe(1)
})

test('gives a namespace its key also while encryption is off', async () => {
  const { namespaceId } = await create('plain', 'off')
  const place = { namespaceId, bucketId: namespaceId, versionId: namespaceId }
  expect((await setting.engine.keyring.createDataKey(place)).namespaceKeyVersion).toBe(1)
})

test('refuses a name that is taken and leaves the other one as it is', async () => {
  await create('twice', 'on')
  await expect(create('twice', 'off')).rejects.toMatchObject({ code: 'NamespaceAlreadyExists' })
  expect(await findNamespaceByName(setting.engine.db, { name: 'twice' })).toMatchObject({ encryptionMode: 'on' })
})

test('gives the root object user its e-mail address, which no other namespace may have', async () => {
  const email = 'root@mail.example'
  const { namespaceId } = await createNamespace(setting.engine, {
    name: 'mail',
    displayName: 'Mail',
    encryptionMode: 'on',
    email,
  })
  expect(await getRootObjectUser(setting.engine.db, { namespaceId })).toMatchObject({ email })
  await expect(
    createNamespace(setting.engine, { name: 'mail-2', displayName: 'Mail', encryptionMode: 'on', email }),
  ).rejects.toMatchObject({ code: 'InvalidArgument', extra: { ArgumentName: 'email' } })
  expect(await findNamespaceByName(setting.engine.db, { name: 'mail-2' })).toBeNull()
})

test.each(['', 'ab', 'Upper', '-abc', 'abc-', 'a.b.c', 'é-namespace', 'x'.repeat(64)])(
  'refuses the name %j',
  async (name) => {
    await expect(create(name)).rejects.toMatchObject({ code: 'InvalidArgument' })
  },
)

test.each(['abc', 'a-1', 'x'.repeat(63)])('takes the name %s', async (name) => {
  await expect(create(name)).resolves.toHaveProperty('namespaceId')
})

test('keeps the account id and the owner that another service has given', async () => {
  const rootCanonicalId = 'c'.repeat(64)
  const input = { displayName: 'x', encryptionMode: 'off' as const, accountId: 'RGW11111111111111111' }
  const { namespaceId } = await createNamespace(setting.engine, { ...input, name: 'moved', rootCanonicalId })
  expect(await findNamespaceByName(setting.engine.db, { name: 'moved' })).toMatchObject({ accountId: input.accountId })
  expect(await getRootObjectUser(setting.engine.db, { namespaceId })).toMatchObject({ canonicalId: rootCanonicalId })
  await expect(createNamespace(setting.engine, { ...input, name: 'again' })).rejects.toMatchObject({
    code: 'InvalidArgument',
    extra: { ArgumentName: 'accountId' },
  })
})

test('gives a namespace an account id of twelve digits, and none where none is wanted', async () => {
  await create('digits')
  expect((await findNamespaceByName(setting.engine.db, { name: 'digits' }))?.accountId).toMatch(/^\d{12}$/)
  for (const name of ['without-one', 'without-two']) {
    await createNamespace(setting.engine, { name, displayName: name, encryptionMode: 'off', accountId: '' })
    expect((await findNamespaceByName(setting.engine.db, { name }))?.accountId).toBe('')
  }
})

test('never calls a namespace as the account of another, nor an account as another namespace', async () => {
  const input = { displayName: 'x', encryptionMode: 'off' as const }
  await createNamespace(setting.engine, { ...input, name: 'partner', accountId: '111122223333' })
  for (const wrong of [{ name: '111122223333' }, { name: 'impostor', accountId: 'partner' }]) {
    await expect(createNamespace(setting.engine, { ...input, ...wrong })).rejects.toMatchObject({
      code: 'InvalidArgument',
    })
  }
})
