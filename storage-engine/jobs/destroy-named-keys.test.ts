import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine } from '#storage-engine/engine.ts'
import { destroyNamedKeys } from '#storage-engine/jobs/destroy-named-keys.ts'
import { findNamedKey, findNamedKeyVersion, setNamedKeyState } from '#storage-engine/metadata/named-keys.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import {
  cancelNamedKeyDeletion,
  createNamedKey,
  enableNamedKey,
  scheduleNamedKeyDeletion,
} from '#storage-engine/namespaces/named-keys.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

let setting: TestEngine
let engine: Engine
let namespaceId: string

beforeAll(async () => {
  setting = await startTestEngine()
  engine = setting.engine
  const name = `n-${randomUUID()}`
  namespaceId = (await createNamespace(engine, { name, displayName: name, encryptionMode: 'off' })).namespaceId
})
afterAll(() => setting.stop())

async function stateOf(name: string): Promise<string | undefined> {
  return (await findNamedKey(engine.db, { namespaceId, name }))?.state
}

test('deletes after the window, not before, and not when the deletion was taken back', async () => {
  const kept = { namespaceId, name: 'kept' }
  const lost = { namespaceId, name: 'lost' }
  const { id: keptId } = await createNamedKey(engine, kept)
  const { id: lostId } = await createNamedKey(engine, lost)
  await scheduleNamedKeyDeletion(engine, { ...kept, days: 7 })
  await scheduleNamedKeyDeletion(engine, { ...lost, days: 7 })
  await expect(enableNamedKey(engine, lost)).rejects.toMatchObject({ code: 'InvalidArgument' })
  await cancelNamedKeyDeletion(engine, kept)
  await destroyNamedKeys(engine)
  expect(await stateOf('lost')).toBe('pending-deletion')
  expect(await stateOf('kept')).toBe('disabled')
  const past = new Date(Date.now() - 1)
  const change = { namespaceId, from: ['pending-deletion' as const], state: 'pending-deletion' as const }
  await setNamedKeyState(engine.db, { ...change, id: lostId, deleteAt: past })
  expect(await destroyNamedKeys(engine)).toBe('1 named keys destroyed')
  expect(await stateOf('lost')).toBeUndefined()
  expect(await findNamedKeyVersion(engine.db, { namespaceId, id: lostId, version: null })).toBeNull()
  expect(await findNamedKeyVersion(engine.db, { namespaceId, id: keptId, version: null })).not.toBeNull()
  expect((await createNamedKey(engine, lost)).id).not.toBe(lostId)
})
