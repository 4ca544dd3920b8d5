import { spawnSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  formatSignedFile,
  formatVerifyReport,
  runAttestCommand,
  runVerifyCommand,
  runVerifyDocument,
} from '#storage-engine/attestation-commands.ts'
import type { BlobOwner } from '#storage-engine/blobs/blob-store.ts'
import { openPool } from '#storage-engine/blobs/pool/open-pool.ts'
import { createSigningKey, signDocument } from '#storage-engine/crypto/signed-document.ts'
import { newId } from '#storage-engine/ids.ts'
import { migrateEncryption } from '#storage-engine/jobs/migrate-encryption.ts'
import { createLog } from '#storage-engine/log.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { insertMigration } from '#storage-engine/metadata/encryption-migrations.ts'
import { setEncryptionMode } from '#storage-engine/metadata/namespaces.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { findTestObject, putTestObject, putTestParts, startTestUpload } from '#storage-engine/testing/test-objects.ts'

const MIB = 1024 ** 2
const log = createLog({ level: 'fatal', role: 'test' })

let test: TestEngine
let sealed: Bucket
let attestation: string
let list: string
let document: Awaited<ReturnType<typeof runAttestCommand>>
/** A copy of the node, for each test to harm. */
let node: string

beforeAll(async () => {
  test = await startTestEngine({ SCEAU_GARBAGE_GRACE_SECONDS: '0', SCEAU_ORPHAN_GRACE_SECONDS: '0' })
  sealed = await createTestBucketIn(test.engine)
  const plain = await createTestBucketIn(test.engine, { encryptionMode: 'off' })
  const put = (bucket: Bucket, key: string, size: number) =>
    putTestObject(test.engine, { bucket, key, body: randomBytes(size) })
  for (const size of [0, 1, 65_536]) await put(sealed, `small-${size}`, size)
  for (const key of ['large-a', 'large-b']) await put(sealed, key, 400_000)
  await put(sealed, 'small-1', 2)
  await putTestParts(test.engine, { bucket: sealed, key: 'parts', parts: [randomBytes(5 * MIB), randomBytes(70_000)] })
  await startTestUpload(test.engine, { bucket: sealed, key: 'open', parts: [randomBytes(50)] })
  for (const size of [10, 300_000]) await put(plain, `plain-${size}`, size)
  list = path.join(test.directory, 'list')
  attestation = path.join(test.directory, 'attestation.json')
  document = await runAttestCommand(test.engine.config, { namespace: null, list, log })
  fs.writeFileSync(attestation, JSON.stringify(document))
})
afterAll(() => test.stop())

const nodeOf = () => test.engine.config.nodes[0] as string

beforeEach(() => {
  node = path.join(test.directory, `node-${randomUUID()}`)
  fs.cpSync(nodeOf(), node, { recursive: true })
})

interface Change {
  attestation?: string
  list?: string | null
  publicKey?: string | null
  keys?: boolean
}

function verify({ publicKey = document.signature.publicKey, keys = false, ...change }: Change = {}) {
  const config = { ...test.engine.config, nodes: [node] }
  return runVerifyCommand(config, { attestation, list, publicKey, nodes: [], keys, log, ...change })
}

const kindsOf = async (change?: Change) => [...new Set((await verify(change)).findings.map(({ kind }) => kind))].sort()

function stripeOf(blobId: string): string {
  return path.join(node, 'stripes', blobId.slice(0, 5), blobId.slice(5, 8), blobId)
}

async function blobOf(key: string) {
  const { blob, versionId } = await findTestObject(test.engine, { bucket: sealed, key })
  if (blob === null) throw new Error('no blob')
  const owner = { namespaceId: sealed.namespaceId, bucketId: sealed.id, versionId, partNumber: 0, form: 2 }
  return { ...blob, owner }
}

function segmentFile(): string {
  const [name] = fs.readdirSync(path.join(node, 'segments'))
  return path.join(node, 'segments', name as string)
}

/** Where a blob's record begins in the segment file, as its locator says. */
const recordAt = ({ locator }: { locator: string }) => Number(locator.split('.')[3])

function change(file: string, edit: (bytes: Buffer) => Buffer | undefined): void {
  const bytes = fs.readFileSync(file)
  fs.writeFileSync(file, edit(bytes) ?? bytes)
}

function flip(bytes: Buffer, at: number): undefined {
  bytes[at] = (bytes[at] as number) ^ 1
}

/** Writes a blob with whole headers and checksums, as whoever can write to a node could. */
async function plant(input: { blobId: string; owner: BlobOwner; content: Buffer; clusterId?: string }): Promise<void> {
  const { blobId, owner, content, clusterId = test.engine.clusterId } = input
  const own = path.join(test.directory, `pool-${randomUUID()}`)
  const pool = await openPool({
    nodes: [own],
    redundancy: 'single',
    clusterId,
    log,
    smallObjectBytes: 0,
    nodeFullPercent: 100,
    initialize: true,
    ballastBytes: 0,
  })
  const writer = pool.create({ blobId, size: content.length, owner })
  await writer.write(content)
  await writer.commit()
  await pool.close()
  fs.cpSync(path.join(own, 'stripes'), path.join(node, 'stripes'), { recursive: true, force: true })
}

describe('verify', () => {
  it('finds nothing where nothing is wrong, with and without the list, and opens every sealed blob', async () => {
    const report = await verify({ keys: true })
    expect(report.findings).toEqual([])
    expect(report.signature).toMatchObject({ isValid: true, isTrusted: true })
    expect(report.tags).toMatchObject({ opened: 8, customerKey: 0, keyAway: 0, broken: 0 })
    const own = report.namespaces.find(({ namespace }) => namespace === sealed.name)
    expect(own).toMatchObject({ mode: 'on', state: 'on', attested: 9, found: 9, sealed: 9, plain: 0, extra: 0 })
    expect(formatVerifyReport(report)).toContain('The nodes hold what was attested.')
    expect(await kindsOf({ list: null })).toEqual([])
    const untrusting = await verify({ publicKey: null })
    expect(untrusting.notes).toEqual([expect.stringContaining('--public-key')])
  })

  it('changes nothing on a node', async () => {
    fs.chmodSync(segmentFile(), 0o400)
    const before = fs.statSync(segmentFile()).mtimeMs
    await verify()
    expect(fs.statSync(segmentFile()).mtimeMs).toBe(before)
    expect(fs.readdirSync(node).sort()).toEqual(fs.readdirSync(nodeOf()).sort())
  })

  it.each([100, 4_096, 70_000, 400_000])('finds the byte %i of a stripe file changed', async (at) => {
    change(stripeOf((await blobOf('large-a')).blobId), (bytes) => flip(bytes, at))
    expect(await kindsOf()).toEqual(['damage', 'missing'])
    expect((await kindsOf({ list: null })).length).toBeGreaterThan(0)
  })

  it.each([0, 10, 130, 200])('finds the byte %i of a record changed', async (at) => {
    const start = recordAt(await blobOf('small-65536'))
    change(segmentFile(), (bytes) => flip(bytes, start + at))
    expect(await kindsOf()).toContain('missing')
    expect((await kindsOf({ list: null })).length).toBeGreaterThan(0)
  })

  it('finds what was cut off', async () => {
    change(stripeOf((await blobOf('large-a')).blobId), (bytes) => bytes.subarray(0, -4_096))
    expect(await kindsOf()).toEqual(['damage', 'missing'])
    const start = recordAt(await blobOf('small-65536'))
    change(segmentFile(), (bytes) => bytes.subarray(0, start + 30_000))
    expect((await verify()).findings.filter(({ kind }) => kind === 'missing').length).toBeGreaterThan(1)
  })

  it('names what is missing', async () => {
    const { blobId } = await blobOf('large-b')
    fs.rmSync(stripeOf(blobId))
    expect((await verify()).findings).toMatchObject([{ kind: 'missing', namespace: sealed.name, blobId }])
    expect(await kindsOf({ list: null })).toEqual(['missing'])
  })

  it('names a plain blob of a namespace that is on, though nothing refers to it', async () => {
    const { owner } = await blobOf('large-a')
    const blobId = newId()
    await plant({ blobId, owner: { ...owner, form: 1 }, content: randomBytes(300_000) })
    expect((await verify()).findings).toMatchObject([{ kind: 'plain', blobId }])
    expect((await verify({ list: null })).findings).toMatchObject([{ kind: 'plain', blobId }])
  })

  it.each([
    ['says so', 1, ['plain']],
    ['says that it is sealed', 2, ['form']],
    ['says nothing', 0, ['plain']],
    ['says what nothing says', 3, ['form', 'plain']],
  ])('finds a sealed blob replaced by a plain one that %s', async (_name, form, kinds) => {
    const { blobId, owner, storedSize } = await blobOf('large-a')
    await plant({ blobId, owner: { ...owner, form }, content: randomBytes(storedSize) })
    expect(await kindsOf()).toEqual(kinds)
    expect((await kindsOf({ list: null })).length).toBeGreaterThan(0)
  })

  it('finds a blob of another size, or of another namespace', async () => {
    const { blobId, owner } = await blobOf('large-a')
    await plant({ blobId, owner, content: randomBytes(300_000) })
    expect(await kindsOf()).toEqual(['form', 'size'])
    const other = document.namespaces.find(({ id }) => id !== owner.namespaceId)?.id as string
    await plant({ blobId, owner: { ...owner, namespaceId: other }, content: randomBytes(300_000) })
    expect(await kindsOf()).toContain('place')
  })

  it('finds swapped payloads by their tags', async () => {
    const [a, b] = [await blobOf('large-a'), await blobOf('large-b')]
    const payload = await readPayload(b)
    await plant({ blobId: a.blobId, owner: a.owner, content: payload })
    expect(await kindsOf()).toEqual([])
    const { findings, tags } = await verify({ keys: true })
    expect(findings).toMatchObject([{ kind: 'tag', blobId: a.blobId }])
    expect(tags).toMatchObject({ opened: 7, broken: 1 })
  })

  it('finds files of another installation, and refuses a node of another one', async () => {
    const { owner } = await blobOf('large-a')
    await plant({ blobId: newId(), owner, content: randomBytes(1000), clusterId: newId() })
    expect(await kindsOf()).toEqual(['foreign'])
    fs.writeFileSync(
      path.join(node, 'node.json'),
      JSON.stringify({ format: 1, cluster: newId(), nodeId: 'a'.repeat(16) }),
    )
    await expect(verify()).rejects.toMatchObject({ name: 'StartupError' })
  })

  it('tells sealed blobs that nothing refers to apart, and unfinished files', async () => {
    const { owner, blobId } = await blobOf('large-a')
    const payload = await readPayload(await blobOf('large-b'))
    await plant({ blobId: newId(), owner, content: payload })
    fs.writeFileSync(`${stripeOf(blobId)}.tmp`, 'x')
    const report = await verify()
    expect(report.findings).toEqual([])
    expect(report.unfinishedFiles).toBe(1)
    expect(report.namespaces.find(({ namespace }) => namespace === sealed.name)).toMatchObject({ extra: 1, found: 9 })
  })

  it('takes zeros for erased only when nothing refers to them', async () => {
    const { owner } = await blobOf('large-a')
    const blobId = newId()
    await plant({ blobId, owner: { ...owner, form: 1 }, content: randomBytes(300_000) })
    change(stripeOf(blobId), (bytes) => void bytes.fill(0, 4_096))
    const report = await verify()
    expect(report.findings).toEqual([])
    expect(report.namespaces.find(({ namespace }) => namespace === sealed.name)).toMatchObject({ erased: 1, plain: 0 })
    const start = recordAt(await blobOf('small-65536'))
    change(segmentFile(), (bytes) => void bytes.fill(0, start + 136, start + 136 + 65_642))
    expect(await kindsOf()).toEqual(['damage', 'missing'])
  })
})

describe('a migration', () => {
  const attestTo = async (name: string, namespace: string) => {
    const files = { attestation: path.join(test.directory, name), list: path.join(test.directory, `${name}.list`) }
    const made = await runAttestCommand(test.engine.config, { namespace, list: files.list, log })
    fs.writeFileSync(files.attestation, JSON.stringify(made))
    return { ...files, state: made.namespaces[0]?.state }
  }

  it('is over when no plain byte is on any node, and a node from before it tells on itself', async () => {
    const bucket = await createTestBucketIn(test.engine, { encryptionMode: 'off' })
    for (const size of [5_000, 300_000]) {
      await putTestObject(test.engine, { bucket, key: `plain-${size}`, body: randomBytes(size) })
    }
    await putTestParts(test.engine, { bucket, key: 'parts', parts: [randomBytes(100_000)] })
    const { namespaceId } = bucket
    await setEncryptionMode(test.engine.db, { namespaceId, mode: 'on' })
    const before = await attestTo('before', bucket.name)
    expect(before.state).toBe('on-new-data-only')
    fs.cpSync(nodeOf(), node, { recursive: true, force: true })
    expect(await kindsOf(before)).toEqual([])
    await insertMigration(test.engine.db, { id: newId(), namespaceId, rateLimit: null, startedBy: 'someone' })
    await migrateEncryption(test.engine, { signal: new AbortController().signal })
    const after = await attestTo('after', bucket.name)
    expect(after.state).toBe('on')
    const here = { attestation: after.attestation, list: after.list, publicKey: null, nodes: [], keys: true, log }
    const now = await runVerifyCommand(test.engine.config, here)
    expect(now.findings).toEqual([])
    expect(now.namespaces).toMatchObject([{ namespace: bucket.name, found: 3, sealed: 3, plain: 0, erased: 2 }])
    expect(now.tags).toMatchObject({ opened: 11, broken: 0 })
    expect(await kindsOf(after)).toEqual(['missing', 'plain'])
  })
})

describe('a forged attestation', () => {
  const forge = (edit: (copy: typeof document) => void) => {
    const copy = structuredClone(document)
    edit(copy)
    const file = path.join(test.directory, `forged-${randomUUID()}.json`)
    fs.writeFileSync(file, JSON.stringify(copy))
    return file
  }

  it('is found by its signature', async () => {
    const file = forge((copy) => {
      const [first] = copy.namespaces
      if (first !== undefined) first.mode = first.mode === 'on' ? 'off' : 'on'
    })
    expect(await kindsOf({ attestation: file })).toContain('signature')
    expect(await kindsOf({ attestation: file, publicKey: null })).toContain('signature')
  })

  it('is found though it is signed, when the key is known', async () => {
    const { signature: _, ...content } = document
    const file = path.join(test.directory, 'other.json')
    fs.writeFileSync(file, JSON.stringify(signDocument(createSigningKey(), content)))
    expect(await kindsOf({ attestation: file })).toEqual(['signature'])
    expect(await kindsOf({ attestation: file, publicKey: null })).toEqual([])
  })

  it('or a list that is not its own is refused, as is anything else', async () => {
    const other = path.join(test.directory, 'other-list')
    const lines = fs.readFileSync(list, 'utf8').split('\n')
    fs.writeFileSync(other, lines.slice(1).join('\n'))
    await expect(verify({ list: other })).rejects.toThrow(/not the list of this attestation/)
    fs.writeFileSync(other, 'something')
    await expect(verify({ list: other })).rejects.toThrow(/no list of blobs/)
    await expect(verify({ list: '/nowhere' })).rejects.toMatchObject({ name: 'StartupError' })
    await expect(verify({ attestation: '/nowhere' })).rejects.toMatchObject({ name: 'StartupError' })
    await expect(verify({ attestation: list })).rejects.toMatchObject({ name: 'StartupError' })
    await expect(verify({ publicKey: 'abc' })).rejects.toMatchObject({ name: 'StartupError' })
    fs.writeFileSync(other, '{}')
    await expect(verify({ attestation: other })).rejects.toThrow(/no attestation/)
  })
})

it('tells of any signed document whether it is as it was signed', () => {
  const { publicKey, keyId } = document.signature
  expect(runVerifyDocument({ document: attestation, publicKey })).toEqual({
    format: 'sceau-attestation-1',
    keyId,
    isSigned: true,
  })
  const other = createSigningKey().publicKey.toString('base64')
  const file = runVerifyDocument({ document: attestation, publicKey: other })
  expect(formatSignedFile(file)).toBe(`sceau-attestation-1: signature INVALID, of key ${keyId}\n`)
  expect(() => runVerifyDocument({ document: list, publicKey })).toThrow(/Cannot read/)
})

it('ends the process with 0 when nothing was found, with 2 when something was, and with 1 when it could not look', async () => {
  const main = path.join(import.meta.dirname, 'main.ts')
  const run = (...args: string[]) => {
    const environment = { PATH: process.env['PATH'], NODE_ENV: 'test' as const, SCEAU_DATA_DIR: '/nowhere' }
    const options = { encoding: 'utf8', env: environment } as const
    return spawnSync(
      process.execPath,
      ['--import', 'tsx', main, 'verify', '--list', list, '--node', node, ...args],
      options,
    )
  }
  expect(run('--attestation', attestation)).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('The nodes hold'),
  })
  fs.rmSync(stripeOf((await blobOf('large-b')).blobId))
  const { status, stdout } = run('--attestation', attestation, '--json')
  expect(status).toBe(2)
  expect(JSON.parse(stdout)).toMatchObject({ findingCount: 1, findings: [{ kind: 'missing' }] })
  expect(run().status).toBe(1)
})

it('attest writes no list over another file, and says in one line why it does nothing', async () => {
  const run = (input: { namespace?: string; list?: string }) =>
    runAttestCommand(test.engine.config, { namespace: null, list: null, ...input, log })
  await expect(run({ list })).rejects.toMatchObject({ name: 'StartupError' })
  const fresh = path.join(test.directory, 'fresh')
  await expect(run({ namespace: 'nowhere', list: fresh })).rejects.toThrow(/does not exist/)
  expect(fs.existsSync(fresh)).toBe(false)
})

async function readPayload({ blobId, locator, storedSize }: { blobId: string; locator: string; storedSize: number }) {
  return Buffer.from(await test.engine.blobs.read({ blobId, locator }, { offset: 0, length: storedSize }))
}
