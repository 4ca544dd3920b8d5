import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { verifyDocument } from '#storage-engine/crypto/signed-document.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { setEncryptionMode } from '#storage-engine/metadata/namespaces.ts'
import { getAttestationKey } from '#storage-engine/namespaces/sign-document.ts'
import { attest } from '#storage-engine/service/encryption-attestation.ts'
import { ADMINISTRATOR } from '#storage-engine/testing/test-actors.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { putTestObject, startTestUpload } from '#storage-engine/testing/test-objects.ts'

let test: TestEngine
let sealed: Bucket
let plain: Bucket

beforeAll(async () => {
  test = await startTestEngine()
  sealed = await createTestBucketIn(test.engine)
  plain = await createTestBucketIn(test.engine, { encryptionMode: 'off' })
})
afterAll(() => test.stop())

const put = (bucket: Bucket, key: string, size: number) =>
  putTestObject(test.engine, { bucket, key, body: randomBytes(size) })
const stateOf = async (bucket: Bucket) => {
  const { namespaces } = await attest(test.engine, ADMINISTRATOR, { namespace: null })
  const found = namespaces.find(({ id }) => id === bucket.namespaceId)
  if (found === undefined) throw new Error('the namespace is missing')
  return found
}

it('counts every blob by cipher, replaced ones and parts of open uploads included', async () => {
  await put(sealed, 'a', 100)
  await put(sealed, 'a', 200)
  await put(sealed, 'large', 300_000)
  await startTestUpload(test.engine, { bucket: sealed, key: 'open', parts: [randomBytes(50)] })
  expect(await stateOf(sealed)).toMatchObject({
    mode: 'on',
    state: 'on',
    objects: { sealedCount: 2, plainCount: 0, encryptedBytes: 300_200, plainBytes: 0 },
    dataKeys: [{ namespaceKeyVersion: 1, count: 2 }],
    blobs: [
      { cipher: 0, algorithm: 'none', count: 0, sizeBytes: 0, storedBytes: 0 },
      { cipher: 1, count: 4, sizeBytes: 300_350, storedBytes: 300_350 + 4 * 74 + 8 * 32 },
    ],
    openUploads: [{ cipher: 1, count: 1, sizeBytes: 50 }],
    garbage: [{ cipher: 1, count: 1, sizeBytes: 100 }],
    list: { count: 4 },
  })
})

it('says that plain bytes are there for as long as there is any, in garbage too', async () => {
  await put(plain, 'p', 10)
  expect(await stateOf(plain)).toMatchObject({ mode: 'off', state: 'off', objects: { plainCount: 1, plainBytes: 10 } })
  await setEncryptionMode(test.engine.db, { namespaceId: plain.namespaceId, mode: 'on' })
  await put(plain, 'p', 20)
  expect(await stateOf(plain)).toMatchObject({
    mode: 'on',
    state: 'on-new-data-only',
    objects: { sealedCount: 1, plainCount: 0 },
    garbage: [{ cipher: 0, count: 1, sizeBytes: 10 }],
  })
  await setEncryptionMode(test.engine.db, { namespaceId: plain.namespaceId, mode: 'off' })
  expect((await stateOf(plain)).state).toBe('mixed')
})

it('is signed by the installation, and digests the list that it was counted from', async () => {
  const lines: string[] = []
  const document = await attest(test.engine, ADMINISTRATOR, {
    namespace: null,
    onBlob: (line) => void lines.push(line),
  })
  const { publicKey } = await getAttestationKey(test.engine)
  expect(verifyDocument(JSON.parse(JSON.stringify(document)), { publicKey: Buffer.from(publicKey, 'base64') })).toBe(
    true,
  )
  expect(document).toMatchObject({
    format: 'sceau-attestation-1',
    clusterId: test.engine.clusterId,
    scope: 'installation',
    rootKey: { provider: 'file', version: 1 },
  })
  for (const { id, list } of document.namespaces) {
    const own = lines.filter((line) => line.startsWith(`${id} `)).map((line) => line.slice(id.length + 1))
    expect([...own].sort()).toEqual(own)
    expect(list).toEqual({ count: own.length, sha256: createHash('sha256').update(own.join('')).digest('hex') })
  }
  expect(lines).toHaveLength(document.namespaces.reduce((sum, { list }) => sum + list.count, 0))
})

it('speaks of one namespace when asked for one, and of none that does not exist', async () => {
  const name = (await stateOf(sealed)).name
  const document = await attest(test.engine, ADMINISTRATOR, { namespace: name })
  expect(document.scope).toBe('namespace')
  expect(document.namespaces.map(({ id }) => id)).toEqual([sealed.namespaceId])
  const missing = attest(test.engine, ADMINISTRATOR, { namespace: 'nobody' })
  await expect(missing).rejects.toMatchObject({ code: 'NoSuchNamespace' })
})

it('is for administrators only, and leaves a line in the audit', async () => {
  const someone = { ...ADMINISTRATOR, isAdministrator: false }
  await expect(attest(test.engine, someone, { namespace: null })).rejects.toMatchObject({ code: 'AccessDenied' })
  const [row] = await test.engine.db.query<{ count: number }>({
    name: 'count-attestations',
    text: `select count(*)::integer as count from audit_events where action = 'encryption.attest' and result = 'ok' and target = 'installation'`,
    values: [],
  })
  expect(row?.count).toBeGreaterThan(0)
})
