import { type Cell, nameOf } from '#bench/cells.ts'
import { type Committed, committedOf } from '#bench/committed.ts'
import { quantileMs } from '#bench/latency-histogram.ts'
import type { LoadPool } from '#bench/load-pool.ts'
import type { LoadOperation, LoadResult } from '#bench/load-spec.ts'
import { type TreeUsage, watchPeakRss } from '#bench/process-usage.ts'
import { createS3Client, type S3Answer, type S3Service } from '#e2e/s3-client.ts'

/** An S3 service to load; `readUsage` is there when its processes are ours to watch. */
export interface BenchTarget {
  name: string
  service: S3Service
  /** Where its objects go. */
  bucket: string
  readUsage: (() => TreeUsage) | null
}

export interface CellResult {
  cell: string
  target: string
  requests: number
  failures: number
  firstFailure: string
  seconds: number
  perSecond: number
  bytesPerSecond: number
  p50Ms: number
  p99Ms: number
  /** Of the service, a request, by group of processes. */
  cpuMicrosPerRequest: Record<string, number>
  loadCpuMicrosPerRequest: number
  peakRssBytes: number | null
  committed: { text: string; ratio: number } | null
}

export interface RunCellInput {
  target: BenchTarget
  pool: LoadPool
  cell: Cell
  seconds: number
  /** Keys that a listing walks over. */
  listKeys: number
  /** Told once the load is about to begin; what it returns is called when the load has ended. */
  onRun?: () => Promise<() => Promise<void>>
}

const PART_BYTES = 16 << 20
/** How many objects reads choose among. */
const READ_SET_BYTES = 512 << 20
const READ_SET_MAX = 2_000
const DELETES_PER_SECOND = 12_000
const DELETE_SET_BYTES = 2 * 2 ** 30
const POPULATE_CLIENTS = 32
const populated = new Set<string>()
let runs = 0

/** Prepares what the cell reads, loads for `seconds`, and measures. Rejects when the target does not take the load. */
export async function runCell(input: RunCellInput): Promise<CellResult> {
  const { cell, pool, target } = input
  const finish = await prepareCell(input)
  const ended = await input.onRun?.()
  const before = target.readUsage?.() ?? null
  const watch = target.readUsage === null ? null : watchPeakRss(target.readUsage)
  const result = await pool.run()
  const after = target.readUsage?.() ?? null
  const peakRssBytes = watch?.stop().rssBytes ?? null
  await ended?.()
  await finish()
  return {
    cell: nameOf(cell),
    ...summarize(input, result),
    cpuMicrosPerRequest: perRequest(before, after, result),
    peakRssBytes,
  }
}

/** Returns what is left to do after the load. */
async function prepareCell(input: RunCellInput): Promise<() => Promise<void>> {
  const { cell, pool, target, seconds } = input
  const run = runs++
  const spec = {
    service: target.service,
    bucket: target.bucket,
    size: cell.size,
    connections: cell.clients,
    seconds,
    requestsMax: null,
    keyPrefix: `write-${cell.size}-${run}-`,
    keyCount: 0,
    folders: false,
    query: {},
  }
  const done = async () => {}
  switch (cell.operation) {
    case 'PUT':
      await pool.prepare({ ...spec, operation: 'PUT' })
      return done
    case 'MULTIPART':
      return prepareMultipart(input, spec)
    case 'LIST': {
      const keyPrefix = cell.delimiter ? 'folders/' : 'list/'
      await populate(input, { keyPrefix, size: 1, keyCount: input.listKeys, folders: cell.delimiter === true })
      const keyCount = Math.max(1, input.listKeys - cell.size)
      const query: Record<string, string> = cell.delimiter ? { delimiter: '/', prefix: keyPrefix } : {}
      await pool.prepare({ ...spec, operation: 'LIST', keyPrefix, keyCount, query })
      return done
    }
    case 'DELETE': {
      const keyCount = Math.min(Math.ceil(seconds * DELETES_PER_SECOND), Math.floor(DELETE_SET_BYTES / cell.size))
      await populate(input, { keyPrefix: `delete-${cell.size}-${run}-`, size: cell.size, keyCount })
      await pool.prepare({ ...spec, operation: 'DELETE', keyPrefix: `delete-${cell.size}-${run}-`, keyCount })
      return done
    }
    default: {
      const keyPrefix = cell.operation === 'MIXED' ? `mixed-${run}-` : `read-${cell.size}-`
      const keyCount = Math.max(4, Math.min(READ_SET_MAX, Math.floor(READ_SET_BYTES / cell.size)))
      await populate(input, { keyPrefix, size: cell.size, keyCount })
      await pool.prepare({ ...spec, operation: cell.operation satisfies LoadOperation, keyPrefix, keyCount })
      return done
    }
  }
}

interface Population {
  keyPrefix: string
  size: number
  keyCount: number
  /** Spreads the keys over folders of a hundred. */
  folders?: boolean
}

/** Writes keys 0 … keyCount-1 once a run and target. */
async function populate({ target, pool }: RunCellInput, population: Population): Promise<void> {
  const { keyPrefix, size, keyCount, folders = false } = population
  const mark = `${target.name} ${keyPrefix} ${keyCount}`
  if (populated.has(mark)) return
  await pool.prepare({
    service: target.service,
    bucket: target.bucket,
    operation: 'PUT',
    size,
    connections: POPULATE_CLIENTS,
    seconds: 3600,
    requestsMax: keyCount,
    keyPrefix,
    keyCount,
    query: {},
    folders,
  })
  const { failures, firstFailure } = await pool.run()
  if (failures > 0) throw new Error(`${target.name} refused the objects to read: ${firstFailure}`)
  populated.add(mark)
}

/** One object of `size` in parts of 16 MiB, sent by `clients` connections; Complete follows the load. */
async function prepareMultipart(
  { cell, pool, target }: RunCellInput,
  spec: Omit<Parameters<LoadPool['prepare']>[0], 'operation'>,
): Promise<() => Promise<void>> {
  const client = createS3Client({ ...target.service, timeoutMs: 120_000 })
  const key = `${spec.keyPrefix}multipart`
  const partCount = Math.ceil(cell.size / PART_BYTES)
  const address = { bucket: target.bucket, key } as const
  const created = await expectOk(client.call({ ...address, method: 'POST', query: { uploads: '' } }))
  const uploadId = /<UploadId>([^<]+)</.exec(created.body.toString())?.[1] ?? ''
  const parts = { operation: 'PART' as const, size: PART_BYTES, seconds: 600, requestsMax: partCount, keyPrefix: key }
  await pool.prepare({ ...spec, ...parts, query: { uploadId } })
  return async () => {
    const listed = await expectOk(client.call({ ...address, method: 'GET', query: { uploadId } }))
    const etags = [...listed.body.toString().matchAll(/<ETag>([^<]+)</g)].map((match) => match[1])
    const list = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`)
    const body = Buffer.from(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`)
    await expectOk(client.call({ ...address, method: 'POST', query: { uploadId }, body }))
    client.close()
  }
}

function summarize({ cell, target }: RunCellInput, result: LoadResult) {
  const measured = {
    perSecond: (result.requests - result.failures) / result.seconds,
    bytesPerSecond: result.bodyBytes / result.seconds,
    p50Ms: quantileMs(result.latencyCounts, 0.5),
    p99Ms: quantileMs(result.latencyCounts, 0.99),
  }
  return {
    target: target.name,
    requests: result.requests,
    failures: result.failures,
    firstFailure: result.firstFailure,
    seconds: result.seconds,
    ...measured,
    loadCpuMicrosPerRequest: result.cpuMicros / result.requests,
    committed: verdict(committedOf(cell), measured),
  }
}

function verdict(committed: Committed | null, measured: Parameters<Committed['ratioOf']>[0]) {
  return committed === null ? null : { text: committed.text, ratio: committed.ratioOf(measured) }
}

function perRequest(
  before: TreeUsage | null,
  after: TreeUsage | null,
  { requests }: LoadResult,
): Record<string, number> {
  const groups = [...(after?.cpuMicros ?? [])]
  return Object.fromEntries(
    groups.map(([group, micros]) => [group, (micros - (before?.cpuMicros.get(group) ?? 0)) / Math.max(1, requests)]),
  )
}

async function expectOk(pending: Promise<S3Answer>): Promise<S3Answer> {
  const answer = await pending
  if (answer.outcome === 'ok') return answer
  throw new Error(`S3 answered ${answer.status} ${answer.code}: ${answer.body.toString().slice(0, 300)}`)
}
