import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine } from '#storage-engine/engine.ts'
import { destroyNamedKeys } from '#storage-engine/jobs/destroy-named-keys.ts'
import { listAuditEvents } from '#storage-engine/metadata/audit.ts'
import { findNamedKey, findNamedKeyVersion, setNamedKeyState } from '#storage-engine/metadata/named-keys.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import {
  cancelNamedKeyDeletion,
  createNamedKey,
  enableNamedKey,
  scheduleNamedKeyDeletion,
} from '#storage-engine/namespaces/named-keys.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { putTestObject } from '#storage-engine/testing/test-objects.ts'

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
  expect(await listAuditEvents(engine.db, { namespaceId, before: null, limit: 10 })).toMatchObject([
    { actor: 'service', action: 'named-key.destroyed', target: 'lost', result: 'ok', details: { id: lostId } },
  ])
  expect(await stateOf('lost')).toBeUndefined()
  expect(await findNamedKeyVersion(engine.db, { namespaceId, id: lostId, version: null })).toBeNull()
  expect(await findNamedKeyVersion(engine.db, { namespaceId, id: keptId, version: null })).not.toBeNull()
  expect((await createNamedKey(engine, lost)).id).not.toBe(lostId)
})

test('leaves a key that seals something locked, and destroys it when the lock is over', async () => {
  const bucket = await createTestBucketIn(engine)
  const key = { namespaceId: bucket.namespaceId, name: 'locking' }
  const { id } = await createNamedKey(engine, key)
  const encryption = { kind: 'kms', reference: 'locking', isBucketKeyEnabled: null, context: null } as const
  await putTestObject(engine, { bucket, key: 'a', body: Buffer.from('a'), encryption })
  const lock = (retainUntil: string) =>
    engine.db.query({
      name: 'lock-all',
      text: `update object_versions set lock = jsonb_build_object('mode', 'COMPLIANCE', 'retainUntil', $2::text) where bucket_id = $1`,
      values: [bucket.id, retainUntil],
    })
  await lock('2999-01-01T00:00:00.000Z')
  const refusal = scheduleNamedKeyDeletion(engine, { ...key, days: 7 })
  await expect(refusal).rejects.toMatchObject({ code: 'KeyIsInUse', message: expect.stringContaining('2999') })
  await lock('2001-01-01T00:00:00.000Z')
  await scheduleNamedKeyDeletion(engine, { ...key, days: 7 })
  const change = {
    namespaceId: key.namespaceId,
    from: ['pending-deletion' as const],
    state: 'pending-deletion' as const,
  }
  await setNamedKeyState(engine.db, { ...change, id, deleteAt: new Date(Date.now() - 1) })
  await lock('2999-01-01T00:00:00.000Z')
  expect(await destroyNamedKeys(engine)).toBe('0 named keys destroyed')
  expect(await findNamedKeyVersion(engine.db, { namespaceId: key.namespaceId, id, version: null })).not.toBeNull()
  await lock('2001-01-01T00:00:00.000Z')
  expect(await destroyNamedKeys(engine)).toBe('1 named keys destroyed')
})
