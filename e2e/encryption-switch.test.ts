import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { namespaceEncryptionSchema } from '#lib/schemas/encryption.ts'
import type { Actor } from '#storage-engine/accounts/actor.ts'
import { createBucket } from '#storage-engine/buckets/create-bucket.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { migrateEncryption } from '#storage-engine/jobs/migrate-encryption.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { setEncryptionMode } from '#storage-engine/metadata/namespaces.ts'
import { composeAttestation } from '#storage-engine/namespaces/attest.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import {
  changeMigration,
  getNamespaceEncryption,
  setNamespaceEncryption,
} from '#storage-engine/service/encryption-switch.ts'
import { ADMINISTRATOR } from '#storage-engine/testing/test-actors.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { putTestObject, startTestUpload } from '#storage-engine/testing/test-objects.ts'

const namespace = 'acme'
const owner: Actor = { ...ADMINISTRATOR, username: 'owner', isAdministrator: false }
const CONVERT = { namespace, existing: 'convert', rateLimit: null } as const

let setting: TestEngine
let engine: Engine
let bucket: Bucket
beforeAll(async () => {
  setting = await startTestEngine({ SCEAU_GARBAGE_GRACE_SECONDS: '0', SCEAU_ORPHAN_GRACE_SECONDS: '0' })
  engine = setting.engine
  const created = { name: namespace, displayName: 'Acme', encryptionMode: 'off' } as const
  const { namespaceId, rootObjectUserId: ownerId } = await createNamespace(engine, created)
  bucket = await createBucket(engine, { namespaceId, ownerId, name: 'bucket', region: 'us-east-1' })
  await putTestObject(engine, { bucket, key: 'a', body: randomBytes(1_000) })
  await startTestUpload(engine, { bucket, key: 'open', parts: [randomBytes(500)] })
})
afterAll(() => setting.stop())

/** As the route answers it. */
const get = async () =>
  namespaceEncryptionSchema.parse(await getNamespaceEncryption(engine, ADMINISTRATOR, { namespace }))
const runJob = () => migrateEncryption(engine, { signal: new AbortController().signal })

async function lastAudit(): Promise<unknown> {
  const [row] = await engine.db.query<{ text: string; details: unknown }>({
    name: 'last-audit',
    text: `select action || ' ' || target || ' ' || result as text, details from audit_events order by id desc limit 1`,
    values: [],
  })
  return [row?.text, row?.details]
}

test('an administrator sees a namespace from off to on, and steers the migration between', async () => {
  expect(await get()).toMatchObject({
    displayName: 'Acme',
    mode: 'off',
    state: 'off',
    percent: null,
    coverage: {
      plainCount: 1,
      plainBytes: 1_000,
      encryptedBytes: 0,
      openUploads: { plainBytes: 500, encryptedBytes: 0 },
    },
    migration: null,
  })
  await setNamespaceEncryption(engine, ADMINISTRATOR, { ...CONVERT, existing: 'leave', mode: 'on' })
  expect(await lastAudit()).toEqual([
    'namespace.set-encryption acme ok',
    { before: 'off', after: 'on', existing: 'leave' },
  ])
  const sealed = (await findBucket(engine.db, { name: 'bucket' })) as Bucket
  await putTestObject(engine, { bucket: sealed, key: 'b', body: randomBytes(3_000) })
  expect(await get()).toMatchObject({
    state: 'on-new-data-only',
    coverage: { encryptedBytes: 3_000, plainBytes: 1_000 },
  })

  const started = await changeMigration(engine, ADMINISTRATOR, { namespace, action: 'start', rateLimit: 1_000_000 })
  expect(started).toMatchObject({
    state: 'encrypting',
    percent: 0,
    migration: { state: 'running', rateLimit: 1_000_000 },
  })
  expect(await lastAudit()).toEqual(['encryption.start acme ok', { rateLimit: 1_000_000 }])
  for (const [action, state] of [
    ['pause', 'paused'],
    ['resume', 'running'],
  ] as const) {
    expect(await changeMigration(engine, ADMINISTRATOR, { namespace, action })).toMatchObject({ migration: { state } })
    expect(await lastAudit()).toEqual([`encryption.${action} acme ok`, {}])
  }
  const faster = await changeMigration(engine, ADMINISTRATOR, { namespace, action: 'set-rate', rateLimit: null })
  expect(faster.migration?.rateLimit).toBeNull()
  await runJob()
  expect(await get()).toMatchObject({
    state: 'on',
    percent: null,
    coverage: {
      encryptedCount: 2,
      encryptedBytes: 4_000,
      plainBytes: 0,
      openUploads: { plainBytes: 0, encryptedBytes: 500 },
    },
    migration: {
      direction: 'encrypt',
      state: 'done',
      doneCount: 2,
      totalCount: 2,
      doneBytes: 1_500,
      startedBy: ADMINISTRATOR.username,
    },
  })
})

test('turning off, and opening what is sealed, need the name', async () => {
  const mismatch = { code: 'ConfirmationMismatch' }
  for (const confirm of [undefined, 'acm', 'ACME'])
    await expect(
      setNamespaceEncryption(engine, ADMINISTRATOR, { ...CONVERT, mode: 'off', confirm }),
    ).rejects.toMatchObject(mismatch)
  expect(await get()).toMatchObject({ mode: 'on', state: 'on' })
  await setNamespaceEncryption(engine, ADMINISTRATOR, {
    ...CONVERT,
    existing: 'leave',
    mode: 'off',
    confirm: namespace,
  })
  expect(await get()).toMatchObject({ mode: 'off', state: 'mixed' })
  await expect(changeMigration(engine, ADMINISTRATOR, { namespace, action: 'start' })).rejects.toMatchObject(mismatch)
  const started = await changeMigration(engine, ADMINISTRATOR, { namespace, action: 'start', confirm: namespace })
  expect(started).toMatchObject({ state: 'decrypting', migration: { direction: 'decrypt' } })
  await runJob()
  expect(await get()).toMatchObject({ state: 'off', migration: { state: 'done' } })
})

test('need it too when somebody turned encryption on in the very moment before', async () => {
  const [off, start] = await engine.db.transaction(async (tx) => {
    await setEncryptionMode(tx, { namespaceId: bucket.namespaceId, mode: 'on' })
    // Both see the namespace as it was, and then wait for what is being done.
    const turnOff = setNamespaceEncryption(engine, ADMINISTRATOR, { ...CONVERT, existing: 'leave', mode: 'off' })
    const begun = [turnOff, changeMigration(engine, ADMINISTRATOR, { namespace, action: 'start' })]
    const outcomes = begun.map((each) => each.catch((error: unknown) => error))
    await sleep(300)
    return outcomes.map((outcome) => ({ outcome }))
  })
  expect(await off?.outcome).toMatchObject({ code: 'ConfirmationMismatch' })
  expect(await start?.outcome).toMatchObject({ migration: { direction: 'encrypt' } })
  expect(await get()).toMatchObject({ mode: 'on', migration: { direction: 'encrypt' } })
  await setNamespaceEncryption(engine, ADMINISTRATOR, { ...CONVERT, mode: 'off', confirm: namespace })
  await runJob()
})

test('on is said only when no plain bytes are left, not even of what was deleted or replaced', async () => {
  expect(await get()).toMatchObject({ state: 'off' })
  const plain = (await findBucket(engine.db, { name: 'bucket' })) as Bucket
  for (const key of ['a', 'b']) await putTestObject(engine, { bucket: plain, key, body: randomBytes(1_000) })
  await setNamespaceEncryption(engine, ADMINISTRATOR, { ...CONVERT, existing: 'leave', mode: 'on' })
  const sealed = (await findBucket(engine.db, { name: 'bucket' })) as Bucket
  for (const key of ['a', 'b']) await putTestObject(engine, { bucket: sealed, key, body: randomBytes(1_000) })
  const stateOfAttestation = async () => {
    const { namespaces } = await composeAttestation(engine, { namespace })
    return namespaces[0]?.state
  }
  expect(await get()).toMatchObject({ state: 'on-new-data-only', coverage: { plainCount: 0 } })
  expect(await stateOfAttestation()).toBe('on-new-data-only')
  await changeMigration(engine, ADMINISTRATOR, { namespace, action: 'start' })
  await runJob()
  expect(await get()).toMatchObject({ state: 'on', coverage: { plainCount: 0 } })
  expect(await stateOfAttestation()).toBe('on')
  await setNamespaceEncryption(engine, ADMINISTRATOR, { ...CONVERT, mode: 'off', confirm: namespace })
  await runJob()
})

test('the switch thrown again ends what is on its way', async () => {
  await setNamespaceEncryption(engine, ADMINISTRATOR, { ...CONVERT, mode: 'on' })
  const other = await setNamespaceEncryption(engine, ADMINISTRATOR, { ...CONVERT, mode: 'off', confirm: namespace })
  expect(other).toMatchObject({ state: 'decrypting', migration: { direction: 'decrypt', state: 'running' } })
  await runJob()
  expect(await get()).toMatchObject({ state: 'off' })
})

test('what does not fit the state of the migration is refused', async () => {
  const mismatch = { code: 'MigrationStateMismatch' }
  for (const action of ['pause', 'resume', 'cancel', 'set-rate'] as const)
    await expect(changeMigration(engine, ADMINISTRATOR, { namespace, action })).rejects.toMatchObject(mismatch)
  await changeMigration(engine, ADMINISTRATOR, { namespace, action: 'start', confirm: namespace })
  const again = { namespace, action: 'start', confirm: namespace } as const
  await expect(changeMigration(engine, ADMINISTRATOR, again)).rejects.toMatchObject(mismatch)
  await changeMigration(engine, ADMINISTRATOR, { namespace, action: 'cancel' })
  expect(await get()).toMatchObject({ state: 'off', migration: { state: 'cancelled' } })
})

test('nobody else sees or changes it, and a namespace that does not exist has none', async () => {
  const denied = { code: 'AccessDenied' }
  await expect(getNamespaceEncryption(engine, owner, { namespace })).rejects.toMatchObject(denied)
  await expect(setNamespaceEncryption(engine, owner, { ...CONVERT, mode: 'on' })).rejects.toMatchObject(denied)
  await expect(changeMigration(engine, owner, { namespace, action: 'pause' })).rejects.toMatchObject(denied)
  const nowhere = getNamespaceEncryption(engine, ADMINISTRATOR, { namespace: 'nowhere' })
  await expect(nowhere).rejects.toMatchObject({ code: 'NoSuchNamespace' })
})
