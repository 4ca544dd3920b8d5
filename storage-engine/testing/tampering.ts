import { CorruptBlobError } from '#storage-engine/blobs/blob-errors.ts'
import type { PurgeableBlobStore } from '#storage-engine/blobs/blob-purge.ts'
import type { Engine } from '#storage-engine/engine.ts'

/** Mulberry32: the cases are the same in every run. */
export function createRandom(seed: number) {
  let state = seed
  function next(): number {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    below: (end: number) => Math.floor(next() * end),
    pick: <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T,
  }
}
export type Random = ReturnType<typeof createRandom>

/** A node whose owner can write, with checksums and all: it gives these bytes for the blob. */
export function engineWithPayload(engine: Engine, { blobId, payload }: { blobId: string; payload: Buffer }): Engine {
  const blobs: PurgeableBlobStore = {
    ...engine.blobs,
    read(blob, range, scratch) {
      if (blob.blobId !== blobId) return engine.blobs.read(blob, range, scratch)
      if (blob.size !== payload.length) {
        throw new CorruptBlobError('mismatch', { nodeId: 'forged', locator: blob.locator })
      }
      return Buffer.from(payload.subarray(range.offset, range.offset + range.length))
    },
  }
  return { ...engine, blobs }
}

/** Nodes on which every header says what the rows say: what is left is the cipher alone. */
export function engineWithForgedHeaders(engine: Engine): Engine {
  const blobs: PurgeableBlobStore = {
    ...engine.blobs,
    read: ({ blobId, locator }, range, scratch) => engine.blobs.read({ blobId, locator }, range, scratch),
  }
  return { ...engine, blobs }
}

const TABLES = ['object_versions', 'blobs', 'parts', 'namespace_keys']

/** Changes rows as whoever can write to Postgres could, reads, and puts them back. */
export async function readAfter(
  engine: Engine,
  { statement, values, read }: { statement: string; values: unknown[]; read: () => Promise<void> },
): Promise<void> {
  const { pool } = engine.db
  await pool.query(TABLES.map((table) => `create unlogged table kept_${table} as table ${table}`).join(';'))
  try {
    await pool.query(statement, values)
    engine.keyring.forgetKeys()
    await read()
  } finally {
    const restore = (table: string) =>
      `delete from ${table}; insert into ${table} select * from kept_${table}; drop table kept_${table}`
    await pool.query(TABLES.map(restore).join(';'))
    engine.keyring.forgetKeys()
  }
}

/** Nothing but what was stored may come, from its beginning, and unless all of it comes there is an error. */
export function expectNothingFalse(read: { bytes: Buffer; error: unknown }, authentic: Buffer, about: string): void {
  const isPrefix = read.bytes.length <= authentic.length && read.bytes.equals(authentic.subarray(0, read.bytes.length))
  if (!isPrefix) throw new Error(`${about}: false bytes were given out`)
  if (read.error === null && read.bytes.length !== authentic.length) throw new Error(`${about}: a short read went well`)
}
