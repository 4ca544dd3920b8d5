import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenTarget } from '#e2e/fuzz/fuzz-target.ts'
import { BlobMovedError, CorruptBlobError } from '#storage-engine/blobs/blob-errors.ts'
import type { BlobRef } from '#storage-engine/blobs/blob-store.ts'
import { createBlobReader, inspectBlobFile } from '#storage-engine/blobs/pool/blob-reader.ts'
import { createFileCache } from '#storage-engine/blobs/pool/file-cache.ts'
import { operatingSystem } from '#storage-engine/blobs/pool/file-system.ts'
import { parseLocator } from '#storage-engine/blobs/pool/locator.ts'
import { openPool } from '#storage-engine/blobs/pool/open-pool.ts'
import { openSegmentWalk } from '#storage-engine/blobs/pool/segment-walk.ts'
import { newId } from '#storage-engine/ids.ts'

const CONTENT = Buffer.from('bytes that are read back as they are, or not at all. '.repeat(20))
const QUIET = { info() {}, warn() {}, error() {} }

/** The reader of segment and of stripe files, over files of any content. */
export async function openPoolTarget(kind: 'segment' | 'stripe'): Promise<OpenTarget> {
  const root = await mkdtemp(join(tmpdir(), 'sceau-fuzz-'))
  const nodePath = join(root, 'node')
  const ref = await writeBlob(nodePath, kind)
  const file = await findFile(nodePath, kind)
  const whole = await readFile(file)
  return {
    name: `pool-${kind}`,
    seeds: [whole.subarray(0, 60_000)],
    async run(input) {
      await writeFile(file, input)
      return [await readBlob(nodePath, ref), kind === 'segment' ? await walk(file) : null]
    },
    close: () => rm(root, { recursive: true, force: true }),
  }
}

async function writeBlob(nodePath: string, kind: 'segment' | 'stripe'): Promise<BlobRef> {
  const pool = await openPool({
    nodes: [nodePath],
    redundancy: 'single',
    clusterId: newId(),
    log: QUIET,
    smallObjectBytes: kind === 'segment' ? 262_144 : 0,
    nodeFullPercent: 100,
    initialize: true,
    ballastBytes: 0,
  })
  const owner = { namespaceId: newId(), bucketId: newId(), versionId: newId(), partNumber: 0, form: 2 }
  const writer = pool.create({ blobId: newId(), size: CONTENT.length, owner })
  await writer.write(CONTENT)
  const ref = await writer.commit()
  await pool.close()
  return ref
}

async function findFile(nodePath: string, kind: 'segment' | 'stripe'): Promise<string> {
  const entries = await readdir(join(nodePath, `${kind}s`), { recursive: true, withFileTypes: true })
  const file = entries.find((entry) => entry.isFile())
  if (file === undefined) throw new Error(`The pool wrote no ${kind} file`)
  return join(file.parentPath, file.name)
}

async function readBlob(nodePath: string, { blobId, locator }: BlobRef): Promise<string> {
  const cache = createFileCache({
    files: operatingSystem,
    log: QUIET,
    filesMax: 2,
    inspect: (fd) => inspectBlobFile(operatingSystem, fd),
  })
  const reader = createBlobReader({ nodePath, files: operatingSystem, cache })
  try {
    const blob = { blobId, locator: parseLocator(locator) }
    const read = await reader.read(blob, { offset: 0, length: CONTENT.length })
    if (!read.equals(CONTENT)) throw new Error('The reader gave out other bytes than were written')
    return 'read'
  } catch (error) {
    if (error instanceof CorruptBlobError) return error.reason
    if (error instanceof BlobMovedError) return 'moved'
    throw error
  } finally {
    await cache.close()
  }
}

/** As compaction and the search for orphans do. */
async function walk(file: string): Promise<string> {
  const segment = await openSegmentWalk(operatingSystem, file)
  if (segment === null) return 'no header'
  let count = 0
  for await (const record of segment.records()) count += record.payloadBytes >= 0 ? 1 : 0
  const isSealed = segment.fileBytes >= 4096 && (await segment.isSealed())
  await segment.close()
  return `${Math.min(count, 3)} ${isSealed}`
}
