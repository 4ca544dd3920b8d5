import { fork } from 'node:child_process'
import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { mkdir, open, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import type { LoadPool } from '#bench/load-pool.ts'
import type { Credentials } from '#e2e/signature.ts'
import { createLog } from '#storage-engine/log.ts'
import { startPostgres } from '#storage-engine/postgres.ts'

/** What this machine can do in one run without any product in the way. Rates a second; bytes, not multiples of 1,024. */
export interface Primitives {
  /** Answers a second of a bare TLS server, by `PUT 4096`, `GET 65536`… with the same load generator. */
  tlsPerSecond: Record<string, number>
  appendSyncPerSecond: number
  /** 4 KiB records, 64 of them a flush. */
  groupedAppendPerSecond: number
  diskBytesPerSecond: number
  aesGcmBytesPerSecond: number
  /** Of one core. */
  md5BytesPerSecond: number
  /** Rows of batches of 64 into a keyed table, durable, over one connection. */
  upsertPerSecond: number
  cores: number
}

export interface PrimitivesInput {
  pool: LoadPool
  sizes: number[]
  seconds: number
  scratchDir: string
  /** A certificate that a client of `caFile` accepts. */
  certificate: { cert: string; key: string; caFile: string }
  credentials: Credentials
}

const MIB = 1 << 20

export async function measurePrimitives(input: PrimitivesInput): Promise<Primitives> {
  await mkdir(input.scratchDir, { recursive: true })
  const tlsPerSecond = await measureTls(input)
  const append = (records: number) => measureAppends(input.scratchDir, records)
  return {
    tlsPerSecond,
    appendSyncPerSecond: await append(1),
    groupedAppendPerSecond: await append(64),
    diskBytesPerSecond: await measureDisk(input.scratchDir),
    aesGcmBytesPerSecond: bytesPerSecond(65_536, seal),
    md5BytesPerSecond: bytesPerSecond(MIB, (block) => void createHash('md5').update(block).digest()),
    upsertPerSecond: await measureUpserts(input.scratchDir),
    cores: availableParallelism(),
  }
}

async function measureTls(input: PrimitivesInput): Promise<Record<string, number>> {
  const { cert, key, caFile } = input.certificate
  const server = fork(fileURLToPath(new URL('./primitive-server.ts', import.meta.url)), [cert, key])
  try {
    const [{ port }] = (await once(server, 'message')) as [{ port: number }]
    const service = { endpoint: `https://127.0.0.1:${port}`, caFile, credentials: input.credentials }
    const rates: Record<string, number> = {}
    for (const size of input.sizes) {
      for (const operation of ['PUT', 'GET'] as const) {
        await input.pool.prepare({
          service,
          bucket: 'primitives',
          operation,
          size,
          connections: size > MIB ? 8 : 64,
          seconds: input.seconds,
          requestsMax: null,
          keyPrefix: `size-${size}-`,
          keyCount: 100,
          folders: false,
          query: {},
        })
        const { requests, failures, seconds, firstFailure } = await input.pool.run()
        if (failures > 0) throw new Error(`The bare TLS server failed: ${firstFailure}`)
        rates[`${operation} ${size}`] = requests / seconds
      }
    }
    return rates
  } finally {
    server.disconnect()
  }
}

/** Appends of 4 KiB, `records` of them between two flushes, for a second. */
async function measureAppends(directory: string, records: number): Promise<number> {
  const path = join(directory, 'append')
  const file = await open(path, 'w')
  const block = randomBytes(4096 * records)
  try {
    const start = performance.now()
    let flushes = 0
    for (; performance.now() - start < 1000; flushes++) {
      await file.write(block)
      await file.datasync()
    }
    return (flushes * records * 1000) / (performance.now() - start)
  } finally {
    await file.close()
    await rm(path)
  }
}

/** Durable sequential writes of 1 MiB around the page cache where the file system allows it, else through it. */
async function measureDisk(directory: string): Promise<number> {
  const path = join(directory, 'sequential')
  // Memory of WebAssembly begins at a page, as O_DIRECT asks for.
  const block = new Uint8Array(new WebAssembly.Memory({ initial: 16 }).buffer)
  const flags = constants.O_WRONLY | constants.O_CREAT
  const file = await open(path, flags | constants.O_DIRECT).catch(() => open(path, flags))
  try {
    const start = performance.now()
    let written = 0
    while (written < 512 * MIB && performance.now() - start < 3000) {
      const writes = Array.from({ length: 4 }, (_, index) => file.write(block, 0, block.length, written + index * MIB))
      await Promise.all(writes)
      written += writes.length * block.length
    }
    await file.datasync()
    return (written * 1000) / (performance.now() - start)
  } finally {
    await file.close()
    await rm(path)
  }
}

function seal(block: Buffer): void {
  const cipher = createCipheriv('aes-256-gcm', KEY, randomBytes(12))
  cipher.update(block)
  cipher.final()
}
const KEY = randomBytes(32)

function bytesPerSecond(blockBytes: number, work: (block: Buffer) => void): number {
  const block = randomBytes(blockBytes)
  const start = performance.now()
  let rounds = 0
  for (; performance.now() - start < 500; rounds++) work(block)
  return (rounds * blockBytes * 1000) / (performance.now() - start)
}

async function measureUpserts(directory: string): Promise<number> {
  const log = createLog({ level: 'fatal', role: 'bench' })
  const postgres = await startPostgres({ directory: join(directory, 'postgres'), log })
  const client = new Client(postgres.connection)
  try {
    await client.connect()
    await client.query('create table primitive (key text collate "C" primary key, value jsonb not null)')
    const upsert = `insert into primitive select key, '{}' from unnest($1::text[]) as key
      on conflict (key) do update set value = excluded.value`
    const start = performance.now()
    let rows = 0
    while (performance.now() - start < 1000) {
      const keys = Array.from({ length: 64 }, (_, index) => `key-${rows + index}`)
      await client.query({ name: 'upsert', text: upsert, values: [keys] })
      rows += keys.length
    }
    return (rows * 1000) / (performance.now() - start)
  } finally {
    await client.end()
    await postgres.stop()
  }
}
