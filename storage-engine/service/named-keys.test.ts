import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Actor } from '#storage-engine/accounts/actor.ts'
import { findNamespaceByName } from '#storage-engine/metadata/namespaces.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import {
  createNamedKey,
  deleteNamedKey,
  disableNamedKey,
  enableNamedKey,
  keepNamedKey,
  listNamedKeys,
  rotateNamedKey,
} from '#storage-engine/service/named-keys.ts'
import { setSigV2 } from '#storage-engine/service/namespaces.ts'
import { ADMINISTRATOR } from '#storage-engine/testing/test-actors.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

let setting: TestEngine
const namespace = 'acme'
const owner: Actor = { ...ADMINISTRATOR, username: 'owner', isAdministrator: false }

beforeAll(async () => {
  setting = await startTestEngine()
  await createNamespace(setting.engine, { name: namespace, displayName: namespace, encryptionMode: 'on' })
})
afterAll(() => setting.stop())

async function auditedActions(): Promise<string[]> {
  const rows = await setting.engine.db.query<{ text: string }>({
    name: 'audited-actions',
    text: `select action || ' ' || target || ' ' || result as text from audit_events order by id`,
    values: [],
  })
  return rows.map(({ text }) => text)
}

test('an administrator keeps the named keys of a namespace, and every change is audited', async () => {
  const { engine } = setting
  const request = { namespace, name: 'key' }
  const states = async () => (await listNamedKeys(engine, ADMINISTRATOR, { namespace })).map(({ state }) => state)
  await createNamedKey(engine, ADMINISTRATOR, request)
  expect(await states()).toEqual(['enabled'])
  expect(await rotateNamedKey(engine, ADMINISTRATOR, request)).toEqual({ version: 2 })
  await disableNamedKey(engine, ADMINISTRATOR, request)
  expect(await states()).toEqual(['disabled'])
  await enableNamedKey(engine, ADMINISTRATOR, request)
  await deleteNamedKey(engine, ADMINISTRATOR, { ...request, days: 7 })
  expect(await states()).toEqual(['pending-deletion'])
  await keepNamedKey(engine, ADMINISTRATOR, request)
  expect(await states()).toEqual(['disabled'])
  await expect(createNamedKey(engine, ADMINISTRATOR, request)).rejects.toMatchObject({ code: 'NamedKeyAlreadyExists' })
  expect(await auditedActions()).toEqual([
    'named-key.create key ok',
    'named-key.rotate key ok',
    'named-key.disable key ok',
    'named-key.enable key ok',
    'named-key.schedule-deletion key ok',
    'named-key.cancel-deletion key ok',
    'named-key.create key failed',
  ])
})

test('nobody else sees or changes them', async () => {
  const { engine } = setting
  const denied = { code: 'AccessDenied' }
  await expect(listNamedKeys(engine, owner, { namespace })).rejects.toMatchObject(denied)
  await expect(createNamedKey(engine, owner, { namespace, name: 'other' })).rejects.toMatchObject(denied)
  await expect(setSigV2(engine, owner, { namespace, isRefused: true })).rejects.toMatchObject(denied)
})

test('a namespace that does not exist has none', async () => {
  const request = { namespace: 'nowhere', name: 'key' }
  await expect(createNamedKey(setting.engine, ADMINISTRATOR, request)).rejects.toMatchObject({
    code: 'NoSuchNamespace',
  })
})

test('an administrator switches signatures of version 2', async () => {
  const { engine } = setting
  await setSigV2(engine, ADMINISTRATOR, { namespace, isRefused: true })
  expect(await findNamespaceByName(engine.db, { name: namespace })).toMatchObject({ refusesSigV2: true })
  expect((await auditedActions()).at(-1)).toBe('namespace.set-sigv2 acme ok')
  await expect(setSigV2(engine, ADMINISTRATOR, { namespace: 'nowhere', isRefused: true })).rejects.toMatchObject({
    code: 'NoSuchNamespace',
  })
})
