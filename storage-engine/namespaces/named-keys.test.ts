import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine } from '#storage-engine/engine.ts'
import { findNamedKey, findNamedKeyVersion } from '#storage-engine/metadata/named-keys.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import {
  createNamedKey,
  disableNamedKey,
  enableNamedKey,
  rotateNamedKey,
  scheduleNamedKeyDeletion,
} from '#storage-engine/namespaces/named-keys.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

let setting: TestEngine
let engine: Engine
let namespaceId: string

beforeAll(async () => {
  setting = await startTestEngine()
  engine = setting.engine
  namespaceId = await newNamespace()
})
afterAll(() => setting.stop())

async function newNamespace(): Promise<string> {
  const name = `n-${randomUUID()}`
  return (await createNamespace(engine, { name, displayName: name, encryptionMode: 'off' })).namespaceId
}

async function stateOf(name: string): Promise<string | undefined> {
  return (await findNamedKey(engine.db, { namespaceId, name }))?.state
}

test('makes a key whose material opens by its namespace only', async () => {
  const { id } = await createNamedKey(engine, { namespaceId, name: 'invoices' })
  const found = await findNamedKeyVersion(engine.db, { namespaceId, id, version: null })
  expect(found).toMatchObject({ name: 'invoices', state: 'enabled', version: 1 })
  const place = { namespaceId, keyId: id, version: 1, wrapped: found?.wrappedKey as Buffer }
  expect((await engine.keyring.openNamedKey(place)).symmetricKeySize).toBe(32)
  expect(await findNamedKeyVersion(engine.db, { namespaceId: await newNamespace(), id, version: null })).toBeNull()
})

test('refuses a name that is taken in the namespace, and takes it in another', async () => {
  await createNamedKey(engine, { namespaceId, name: 'twice' })
  await expect(createNamedKey(engine, { namespaceId, name: 'twice' })).rejects.toMatchObject({
    code: 'NamedKeyAlreadyExists',
  })
  await createNamedKey(engine, { namespaceId: await newNamespace(), name: 'twice' })
})

test.each(['', 'a b', 'é', 'x'.repeat(251), randomUUID(), 'aws/ebs', 'arn:aws:kms'])(
  'refuses the name %j',
  async (name) => {
    await expect(createNamedKey(engine, { namespaceId, name })).rejects.toMatchObject({ code: 'InvalidArgument' })
  },
)

test('takes aws/s3, the key that is meant when none is named', async () => {
  await createNamedKey(engine, { namespaceId, name: 'aws/s3' })
  expect(await stateOf('aws/s3')).toBe('enabled')
})

test('rotates: the newest version is another key, and the older ones stay', async () => {
  const { id } = await createNamedKey(engine, { namespaceId, name: 'rotated' })
  expect(await rotateNamedKey(engine, { namespaceId, name: 'rotated' })).toEqual({ version: 2 })
  const versions = await Promise.all(
    [null, 1, 2].map(async (version) => {
      const found = await findNamedKeyVersion(engine.db, { namespaceId, id, version })
      const { version: number, wrappedKey } = found as NonNullable<typeof found>
      const key = await engine.keyring.openNamedKey({ namespaceId, keyId: id, version: number, wrapped: wrappedKey })
      return { number, key: key.export().toString('hex') }
    }),
  )
  expect(versions.map(({ number }) => number)).toEqual([2, 1, 2])
  expect(versions[0]?.key).toBe(versions[2]?.key)
  expect(versions[0]?.key).not.toBe(versions[1]?.key)
})

test('disables and enables, and knows no key of another name', async () => {
  await createNamedKey(engine, { namespaceId, name: 'switched' })
  await disableNamedKey(engine, { namespaceId, name: 'switched' })
  expect(await stateOf('switched')).toBe('disabled')
  await enableNamedKey(engine, { namespaceId, name: 'switched' })
  expect(await stateOf('switched')).toBe('enabled')
  await expect(disableNamedKey(engine, { namespaceId, name: 'other' })).rejects.toMatchObject({
    code: 'NoSuchNamedKey',
  })
})

test.each([6, 31, 7.5, Number.NaN])('refuses to wait %d days for a deletion', async (days) => {
  const input = { namespaceId, name: 'aws/s3', days }
  await expect(scheduleNamedKeyDeletion(engine, input)).rejects.toMatchObject({ code: 'InvalidArgument' })
})
