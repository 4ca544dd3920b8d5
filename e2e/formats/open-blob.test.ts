import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodyOf } from '#storage-engine/body.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { completeUpload } from '#storage-engine/objects/complete-upload.ts'
import { getUpload, writePart } from '#storage-engine/objects/uploads.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { findTestObject, putTestObject, startTestUpload } from '#storage-engine/testing/test-objects.ts'

const PROGRAM = path.join(import.meta.dirname, 'open-blob.py')
const HAS_PYTHON = spawnSync('python3', ['--version']).status === 0
/** An empty one, a small one, exactly one segment, and one above the small-object limit, which has a file of its own. */
const SIZES = [0, 100, 65_536, 270_000]
const PART_BYTES = 70_000

interface BlobRow {
  namespaceId: string
  version: number
  tokenId: string | null
  /** Hexadecimal, as what follows. */
  wrappedKey: string
  wrappedDataKey: string
  bucketId: string
  versionId: string
  blobId: string
  partNumber: number
  size: number
}

// The engine's own tests open everything too; only this reading of the specification by another program needs Python.
describe.skipIf(!HAS_PYTHON)('a program that knows only docs/formats (skipped where there is no python3)', () => {
  let test: TestEngine
  let bucket: Bucket
  const bodies: Buffer[] = []
  const rows: BlobRow[] = []

  beforeAll(async () => {
    test = await startTestEngine()
    bucket = await createTestBucketIn(test.engine)
    for (const size of SIZES) {
      const body = randomBytes(size)
      await putTestObject(test.engine, { bucket, key: `put-${size}`, body })
      await remember(`put-${size}`, body)
    }
    const part = randomBytes(PART_BYTES)
    await putSecondPart('parts', part)
    await remember('parts', part)
  })
  afterAll(() => test.stop())

  /** A completed upload whose only part has the number 2. */
  async function putSecondPart(key: string, content: Buffer): Promise<void> {
    const { uploadId } = await startTestUpload(test.engine, { bucket, key, parts: [] })
    const upload = await getUpload(test.engine, { bucket, key, uploadId })
    const part = { partNumber: 2, body: bodyOf(content), contentMd5: null, checksum: null }
    const { etag } = await writePart(test.engine, { bucket, upload, ...part })
    const parts = [{ partNumber: 2, etag, checksums: new Map() }]
    const claims = { checksum: null, checksumType: null, objectSize: null, precondition: null }
    await completeUpload(test.engine, { bucket, key, uploadId, parts, ...claims })
  }

  async function remember(key: string, body: Buffer): Promise<void> {
    const { versionId } = await findTestObject(test.engine, { bucket, key })
    const [row] = await test.engine.db.query<BlobRow>({
      name: 'describe-blob',
      text: `
select b.namespace_id as "namespaceId", k.version, k.token_id as "tokenId", encode(k.wrapped_key, 'hex') as "wrappedKey",
  encode(o.wrapped_data_key, 'hex') as "wrappedDataKey", o.bucket_id as "bucketId", o.version_id as "versionId",
  f.blob_id as "blobId", coalesce(p.part_number, 0) as "partNumber", f.size::float8 as size
from object_versions o join buckets b on b.id = o.bucket_id
join namespace_keys k on k.namespace_id = b.namespace_id and k.version = o.namespace_key_version
left join parts p on p.upload_id = o.upload_id join blobs f on f.blob_id = coalesce(o.blob_id, p.blob_id)
where o.version_id = $1`,
      values: [versionId],
    })
    rows.push(row as BlobRow)
    bodies.push(body)
  }

  function open(blobs: BlobRow[]): { digests: string[]; error: string } {
    const { config, clusterId } = test.engine
    const [node] = config.nodes
    const input = { clusterId, keyring: config.rootKeyFile, keystore: config.keystoreDir, node, blobs }
    const { stdout, stderr } = spawnSync('python3', [PROGRAM], { input: JSON.stringify(input), encoding: 'utf8' })
    return { digests: stdout.split('\n').slice(0, -1), error: stderr }
  }

  it('opens what the product has sealed: single and in parts, small and large, none and exactly one segment', () => {
    const { digests, error } = open(rows)
    expect(error).toBe('')
    expect(digests).toEqual(bodies.map((body) => createHash('sha256').update(body).digest('hex')))
  })

  it('opens nothing at another place', () => {
    const [empty, small, , large] = rows as [BlobRow, BlobRow, BlobRow, BlobRow]
    // Small objects share their data key, and still none is opened for another.
    expect(small.wrappedDataKey).toBe(empty.wrappedDataKey)
    const elsewhere = [
      { partNumber: 1 },
      { versionId: empty.versionId },
      { bucketId: small.namespaceId },
      { wrappedDataKey: large.wrappedDataKey },
    ]
    for (const lie of elsewhere) {
      expect(open([{ ...small, ...lie } as BlobRow])).toEqual({
        digests: [],
        error: expect.stringContaining('does not verify'),
      })
    }
  })
})
