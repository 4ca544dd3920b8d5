import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { issueAccessKey } from '#storage-engine/accounts/issue-access-key.ts'
import { namespaceKeyContext } from '#storage-engine/crypto/key-context.ts'
import { verifyDocument } from '#storage-engine/crypto/signed-document.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { hasRecordsToRewrap, rewrapRoot, watchRootKey } from '#storage-engine/jobs/rewrap-root.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { listNamespaceKeys } from '#storage-engine/metadata/namespace-keys.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import { signDocument } from '#storage-engine/namespaces/sign-document.ts'
import { readObject } from '#storage-engine/objects/read-object.ts'
import { changeRootKeys, getRootKeys } from '#storage-engine/service/encryption-root.ts'
import { ADMINISTRATOR } from '#storage-engine/testing/test-actors.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { findTestObject, putTestObject } from '#storage-engine/testing/test-objects.ts'

const DAY_MS = 86_400_000

let setting: TestEngine
let engine: Engine
let bucket: Bucket
let accessKey: { accessKeyId: string; secretAccessKey: string }

/** An installation in which every kind of record is wrapped by the root key: 7 of them. */
beforeEach(async () => {
  setting = await startTestEngine()
  engine = setting.engine
  bucket = await createTestBucketIn(engine)
  await putTestObject(engine, { bucket, key: 'a', body: Buffer.from('content') })
  accessKey = await issueAccessKey(engine, { namespaceId: bucket.namespaceId, objectUserId: bucket.ownerId })
  await signDocument(engine, { format: 'test-1' })
  await createTestBucketIn(engine)
})
afterEach(() => setting.stop())

const signal = new AbortController().signal
const pass = () => rewrapRoot(engine, { signal })
const activeId = async () => (await engine.rootProvider.active()).id
const rotate = async () => changeRootKeys(engine, ADMINISTRATOR, { action: 'rotate', confirm: await activeId() })
const countsOf = async () => (await getRootKeys(engine, ADMINISTRATOR)).rootKeys.map(({ wrappedCount }) => wrappedCount)

/** As if the rotation had been that long ago. */
async function age(milliseconds: number): Promise<void> {
  await engine.db.query({
    name: 'age-root-keys',
    text: `update root_keys set active_since = active_since - make_interval(secs => $1), replaced_at = replaced_at - make_interval(secs => $1)`,
    values: [milliseconds / 1000],
  })
}

async function expectEverythingOpens(by: Engine): Promise<void> {
  const object = await findTestObject(by, { bucket, key: 'a' })
  const pieces: Buffer[] = []
  for await (const piece of readObject(by, { bucket, object, range: null })) pieces.push(Buffer.from(piece))
  expect(Buffer.concat(pieces).toString()).toBe('content')
  const [row] = await by.db.query<{ sealed: Buffer }>({
    name: 'find-sealed-secret',
    text: 'select sealed_secret as sealed from access_keys where access_key_id = $1',
    values: [accessKey.accessKeyId],
  })
  const place = { purpose: 'credential', context: accessKey.accessKeyId } as const
  const secret = await by.keyring.openSecret({ ...place, sealed: row?.sealed as Buffer })
  expect(secret.toString()).toBe(accessKey.secretAccessKey)
  expect(verifyDocument(await signDocument(by, { format: 'test-1' }))).toBe(true)
}

/** Another process, which has nothing opened yet. */
async function expectAnotherProcessWorks(): Promise<void> {
  const other = await setting.open()
  await expectEverythingOpens(other)
  await other.close()
}

test('rotates at once, wraps everything again, and takes the old key away when nothing needs it', async () => {
  expect(await countsOf()).toEqual([7])
  const rotated = await rotate()
  expect(rotated).toMatchObject({
    rootKeys: [
      { state: 'active', version: 2 },
      { state: 'decrypt-only', version: 1 },
    ],
  })
  expect(rotated.rotation).toMatchObject({ state: 'running', doneCount: 0, totalCount: 7 })
  const [, old] = rotated.rootKeys as [unknown, { id: string; version: number }]
  const retire = () =>
    changeRootKeys(engine, ADMINISTRATOR, { action: 'retire', version: old.version, confirm: old.id })
  await expect(retire()).rejects.toMatchObject({ code: 'KeyIsInUse', extra: { Count: '7' } })
  await expectAnotherProcessWorks()

  expect(await hasRecordsToRewrap(engine)).toBe(true)
  await pass()
  expect(await countsOf()).toEqual([7, 0])
  await expectAnotherProcessWorks()
  // Another process may seal under the old key for some minutes more.
  await pass()
  expect(await hasRecordsToRewrap(engine)).toBe(true)
  await expect(retire()).rejects.toMatchObject({ code: 'KeyIsInUse', message: expect.stringContaining('is known') })
  await age(400_000)
  await pass()
  expect(await hasRecordsToRewrap(engine)).toBe(false)
  expect((await getRootKeys(engine, ADMINISTRATOR)).rotation).toMatchObject({
    state: 'done',
    doneCount: 7,
    totalCount: 7,
  })
  await expect(retire()).rejects.toMatchObject({
    code: 'KeyIsInUse',
    message: expect.stringContaining('Session tokens'),
  })
  await age(2 * DAY_MS)
  expect(await retire()).toMatchObject({ rootKeys: [{ state: 'active' }, { state: 'retired', wrappedCount: 0 }] })
  await retire()
  await expectAnotherProcessWorks()
})

test('leaves a database from before a retirement without a key that opens it', async () => {
  const backup = await setting.database.copy()
  const [old] = (await getRootKeys(engine, ADMINISTRATOR)).rootKeys
  await rotate()
  await pass()
  await age(400_000)
  await pass()
  await age(2 * DAY_MS)
  const restore = () => setting.open({ DATABASE_URL: backup.connection.connectionString })
  await (await restore()).close()
  const { id, version } = old as { id: string; version: number }
  await changeRootKeys(engine, ADMINISTRATOR, { action: 'retire', version, confirm: id })
  await expect(restore()).rejects.toThrow(/is not the one that sealed this installation/)
  await backup.drop()
})

test('comes to its end after a crash at any point', async () => {
  await rotate()
  for (let callsMax = 0, isDone = false; !isDone; callsMax++) {
    let calls = 0
    const dying =
      <Input, Result>(call: (input: Input) => Promise<Result>) =>
      (input: Input) => {
        if (calls++ >= callsMax) throw new Error('killed')
        return call(input)
      }
    const { keyring } = engine
    const failing = {
      ...engine,
      keyring: {
        ...keyring,
        rewrapNamespaceKey: dying(keyring.rewrapNamespaceKey),
        rewrapShredToken: dying(keyring.rewrapShredToken),
        sealSecret: dying(keyring.sealSecret),
      },
      rootProvider: { ...engine.rootProvider, wrap: dying(engine.rootProvider.wrap) },
    }
    isDone = await rewrapRoot(failing, { signal }).then(
      () => true,
      () => false,
    )
    await expectAnotherProcessWorks()
  }
  expect(await countsOf()).toEqual([7, 0])
})

test('gives a token to a namespace key from before there were tokens', async () => {
  const { namespaceId } = bucket
  // Such a key: what is wrapped is the key itself.
  const key = randomBytes(32)
  const context = namespaceKeyContext({ clusterId: engine.clusterId, namespaceId, version: 1 })
  await engine.db.query({
    name: 'make-old-key',
    text: 'update namespace_keys set wrapped_key = $2, token_id = null where namespace_id = $1',
    values: [namespaceId, await engine.rootProvider.wrap({ context, key })],
  })
  engine.keyring.forgetKeys()
  await putTestObject(engine, { bucket, key: 'a', body: Buffer.from('content') })
  await rotate()
  await pass()
  expect((await listNamespaceKeys(engine.db, { namespaceId }))[0]?.tokenId).not.toBeNull()
  await expectAnotherProcessWorks()
})

test('never writes a token back whose key was destroyed meanwhile', async () => {
  await rotate()
  const [key] = await listNamespaceKeys(engine.db, { namespaceId: bucket.namespaceId })
  const tokenId = key?.tokenId as string
  const { keyring } = engine
  const racing = {
    ...engine,
    keyring: {
      ...keyring,
      async rewrapShredToken(id: string) {
        const record = await keyring.rewrapShredToken(id)
        if (id === tokenId) {
          await engine.db.query({
            name: 'destroy-key',
            text: `update namespace_keys set wrapped_key = null, state = 'shredded' where token_id = $1`,
            values: [tokenId],
          })
          await engine.keystore.destroy(tokenId)
        }
        return record
      },
    },
  }
  await rewrapRoot(racing, { signal })
  expect(await engine.keystore.read(tokenId)).toBeNull()
})

test('takes notice of a root key that was rotated elsewhere', async () => {
  await watchRootKey(engine)
  await age(400_000)
  await pass()
  expect(await hasRecordsToRewrap(engine)).toBe(false)
  await engine.rootProvider.rotation?.rotate()
  await watchRootKey(engine)
  expect(await hasRecordsToRewrap(engine)).toBe(true)
  await pass()
  expect(await countsOf()).toEqual([7, 0])
})

test('is for administrators, and needs the id of a key that is there and not active', async () => {
  const somebody = { ...ADMINISTRATOR, isAdministrator: false }
  await expect(getRootKeys(engine, somebody)).rejects.toMatchObject({ code: 'AccessDenied' })
  await expect(changeRootKeys(engine, somebody, { action: 'rotate', confirm: '' })).rejects.toMatchObject({
    code: 'AccessDenied',
  })
  const [active] = (await getRootKeys(engine, ADMINISTRATOR)).rootKeys
  const { id, version } = active as { id: string; version: number }
  const change = (input: { confirm?: string; version?: number }, action: 'rotate' | 'retire' = 'retire') =>
    changeRootKeys(engine, ADMINISTRATOR, { action, confirm: id, version, ...input })
  await expect(change({ confirm: 'other' }, 'rotate')).rejects.toMatchObject({ code: 'ConfirmationMismatch' })
  await expect(change({ confirm: 'other' })).rejects.toMatchObject({ code: 'NoSuchKeyVersion' })
  await expect(change({})).rejects.toMatchObject({ code: 'KeyIsInUse' })
  await expect(change({ version: 9 })).rejects.toMatchObject({ code: 'NoSuchKeyVersion' })
})

test('shows what it knows while the provider is out of reach, and changes nothing then', async () => {
  await rotate()
  const unavailable = { code: 'ServiceUnavailable' }
  const down = () => Promise.reject(new Error('connection refused'))
  const cut: Engine = {
    ...engine,
    rootProvider: { ...engine.rootProvider, active: down, list: down, wrap: down, unwrap: down, health: down },
    findRootHealth: async () => ({ health: 'unreachable', detail: 'connection refused' }),
  }
  expect(await getRootKeys(cut, ADMINISTRATOR)).toMatchObject({
    provider: { health: 'unreachable', detail: 'connection refused' },
    rootKeys: [
      { state: 'active', version: 2 },
      { state: 'decrypt-only', version: 1, wrappedCount: 7 },
    ],
  })
  await expect(changeRootKeys(cut, ADMINISTRATOR, { action: 'rotate', confirm: 'x' })).rejects.toMatchObject(
    unavailable,
  )
  await expect(rewrapRoot(cut, { signal })).rejects.toMatchObject(unavailable)
  expect(await countsOf()).toEqual([0, 7])
})

test('knows every column in which a secret is sealed', async () => {
  const columns = await engine.db.query<{ name: string }>({
    name: 'list-sealed-columns',
    text: `
select table_name || '.' || column_name as name from information_schema.columns
where data_type = 'bytea' and (column_name like 'sealed%' or column_name like 'wrapped%' or column_name like '%canary%') order by 1`,
    values: [],
  })
  // Those with wrapped_data_key, and material of named keys, are wrapped by namespace keys; the others by the root key.
  expect(columns.map(({ name }) => name)).toEqual([
    'access_keys.sealed_secret',
    'installation.key_canary',
    'named_key_versions.wrapped_key',
    'namespace_keys.wrapped_key',
    'object_versions.wrapped_data_key',
    'side_keys.sealed_seed',
    'uploads.wrapped_data_key',
    'webhooks.sealed_secret',
  ])
})

test('brings shred tokens of keys that were never stored under the new key, too', async () => {
  const before = await engine.keystore.list()
  const taken = { name: bucket.namespaceName, displayName: 'Taken', encryptionMode: 'on' } as const
  await expect(createNamespace(engine, taken)).rejects.toMatchObject({ code: 'NamespaceAlreadyExists' })
  expect(await engine.keystore.list()).toHaveLength(before.length)
  // As a process does that dies before it can store the key.
  await engine.keyring.createNamespaceKey({ namespaceId: bucket.namespaceId, version: 2 })
  await rotate()
  await pass()
  expect(await countsOf()).toEqual([8, 0])
})

test('goes on behind a secret that does not open, and does not call itself done', async () => {
  const keys = [accessKey]
  for (let count = 0; count < 2; count++) {
    keys.push(await issueAccessKey(engine, { namespaceId: bucket.namespaceId, objectUserId: bucket.ownerId }))
  }
  const [first] = keys.map(({ accessKeyId }) => accessKeyId).sort()
  await engine.db.query({
    name: 'damage-secret',
    text: `update access_keys set sealed_secret = set_byte(sealed_secret, length(sealed_secret) - 1, (get_byte(sealed_secret, length(sealed_secret) - 1) + 1) % 256)
where access_key_id = $1`,
    values: [first],
  })
  await rotate()
  await age(400_000)
  await pass()
  await pass()
  expect(await countsOf()).toEqual([8, 1])
  expect(await hasRecordsToRewrap(engine)).toBe(true)
})
