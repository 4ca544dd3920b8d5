import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type Canary, createWindowSearch, searchTree } from '#e2e/canary/window-search.ts'
import { type Administrator, createAdministrator } from '#e2e/chaos/administrator.ts'
import type { Violation } from '#e2e/chaos/history.ts'
import { type KeptVersions, keepVersions } from '#e2e/chaos/kept-versions.ts'
import type { KillCounts } from '#e2e/chaos/kill-experiment.ts'
import { createKiller, type Killer } from '#e2e/chaos/killer.ts'
import { patiently } from '#e2e/chaos/patiently.ts'
import { nodesOf } from '#e2e/chaos/reclaim-experiment.ts'
import { runUnderLoad } from '#e2e/chaos/under-load.ts'
import { beginningOf } from '#e2e/chaos/values.ts'
import type { Product } from '#e2e/product.ts'
import { createS3Client, type S3Client } from '#e2e/s3-client.ts'

export interface FlipExperiment {
  product: Product
  flips: number
  /** kill -9 of gateways and jobs by turns, spread evenly over the flips. */
  kills: number
  report(line: string): void
}

export interface FlipReport {
  violations: Violation[]
  eventCount: number
  killed: KillCounts
  /** What was left when all was converted. */
  left: Leftovers
}

export interface Leftovers {
  /** Rows of plain blobs, garbage included. */
  plainCount: number
  /** Windows of bodies that were searched for on the nodes, and those that were found. */
  windows: number
  hits: number
}

/** Bytes are wiped at once. Each new jobs process collects garbage, and none does while files are searched at the end. */
export const FLIP_SETTINGS = {
  SCEAU_NAMESPACE_ENCRYPTION: 'off',
  SCEAU_GARBAGE_GRACE_SECONDS: '2',
  SCEAU_ORPHAN_GRACE_SECONDS: '5',
  SCEAU_JOB_INTERVAL_SECONDS: '3600',
}

const BUCKET = 'flips'
const LAST_PART_BYTES = 60_000
/** Of every part but the last one, by S3's rules. */
const PART_BYTES = 5 * 1024 ** 2
/** Uploads that are begun before each throw and completed after it, some parts sent before. */
const UPLOADS = [
  { key: 'upload without a part', sizes: [LAST_PART_BYTES], sentBefore: 0 },
  { key: 'upload with its part', sizes: [LAST_PART_BYTES], sentBefore: 1 },
  { key: 'upload with half of its parts', sizes: [PART_BYTES, LAST_PART_BYTES], sentBefore: 1 },
]
/** Of a value that the load wrote: more than enough to find it. */
const VALUE_BYTES = 256
const PAUSE_MS: [least: number, most: number] = [200, 1_200]
/** A flip takes about as long, so that its kills meet every step of it. */
const KILLS_MS = 1_000
/** So often everything is converted to the end before the switch is thrown again. */
const FLIPS_TO_THE_END = 25
const DONE_TIMEOUT_MS = 120_000
/** Calls are repeated: what hangs on a process that was killed need not be waited for. */
const CALL_TIMEOUT_MS = 8_000

/**
 * Throws the switch of a namespace again and again, each time with everything converted, under mixed load and kills of
 * gateways and jobs; with uploads begun before a throw and completed after it, and with locked versions and copies of
 * noncurrent ones made during it. At the end the namespace is on and converted: then no plain blob is left, in no row and in
 * no file of the nodes.
 */
export async function runFlipExperiment({ product, flips, kills, report }: FlipExperiment): Promise<FlipReport> {
  const administrator = await createAdministrator(product)
  const killer = await createKiller(product)
  const client = createS3Client({ ...product, timeoutMs: CALL_TIMEOUT_MS })
  try {
    const kept = await keepVersions(client)
    await patiently(() => client.call({ method: 'PUT', bucket: BUCKET }))
    const canaries: Canary[] = []
    const flipping = { administrator, killer, client, kept, canaries, flips, kills, report }
    const load = await runUnderLoad({ service: product, keyCount: 60, report }, () => flipOften(flipping))
    load.client.close()
    for (const event of load.recorder.events) {
      if (event.kind === 'write')
        canaries.push({ name: `a value of ${event.key}`, body: beginningOf(event.value, VALUE_BYTES) })
    }
    canaries.push(...kept.canaries)
    await administrator.switchTo('on')
    const unended = await waitUntilConverted({ administrator, report })
    const search = await searchLeftovers({ administrator, dataDir: product.dataDir, canaries, report })
    const violations = [...load.violations, ...load.result, ...unended, ...search.violations, ...(await kept.check())]
    return { violations, eventCount: load.eventCount, killed: killer.killed, left: search.left }
  } finally {
    client.close()
    await killer.close()
    await administrator.close()
  }
}

interface Flipping {
  administrator: Administrator
  killer: Killer
  client: S3Client
  kept: KeptVersions
  canaries: Canary[]
  flips: number
  kills: number
  report(line: string): void
}

async function flipOften(flipping: Flipping): Promise<Violation[]> {
  const { killer, flips, kills, report } = flipping
  const violations: Violation[] = []
  // Each somewhere in its own share of the flips, so that throws to both sides are met.
  const killedFlips = Array.from(
    { length: kills },
    (_, kill) => 1 + Math.floor(((kill + Math.random()) * flips) / kills),
  )
  for (let flip = 1; flip <= flips; flip++) {
    const count = killedFlips.filter((killed) => killed === flip).length
    const [flipped, victims] = await Promise.all([flipOnce(flipping, flip), killWithin(killer, count)])
    violations.push(...flipped.violations)
    const killed = victims.length > 0 ? `; killed ${victims.join(', ')}` : ''
    report(`flip ${flip}/${flips}: ${flipped.state}${killed}`)
  }
  return violations
}

async function killWithin(killer: Killer, count: number): Promise<string[]> {
  const victims: string[] = []
  for (let index = 0; index < count; index++) {
    await delay((Math.random() * KILLS_MS) / count)
    victims.push(await killer.kill())
  }
  return victims
}

async function flipOnce(flipping: Flipping, flip: number): Promise<{ violations: Violation[]; state: string }> {
  const { administrator, client, kept, canaries } = flipping
  const mode = flip % 2 === 1 ? 'on' : 'off'
  const uploads = await Promise.all(UPLOADS.map((upload) => beginUpload(client, upload)))
  for (const { key, parts } of uploads)
    canaries.push(...parts.map((part) => ({ name: key, body: part.subarray(0, LAST_PART_BYTES) })))
  await Promise.all([administrator.switchTo(mode), kept.add()])
  const violations = (await Promise.all(uploads.map((upload) => endUpload(client, upload)))).flat()
  violations.push(...(await checkHeader(client, mode)))
  const [least, most] = PAUSE_MS
  if (flip % FLIPS_TO_THE_END === 0) violations.push(...(await waitUntilConverted(flipping)))
  else await delay(least + Math.random() * (most - least))
  violations.push(...(await kept.check()))
  const plainCount = await administrator.countPlainSinceSwitch()
  if (plainCount > 0) violations.push(violation('ENC-1', `${plainCount} plain blobs were committed after flip ${flip}`))
  const { state, percent } = await administrator.describe()
  return { violations, state: `${mode}; ${state} ${percent ?? ''}`.trimEnd() }
}

interface BegunUpload {
  key: string
  uploadId: string
  parts: Buffer[]
  /** Of the parts that are sent. */
  etags: string[]
}

async function beginUpload(
  client: S3Client,
  { key, sizes, sentBefore }: (typeof UPLOADS)[number],
): Promise<BegunUpload> {
  const created = await patiently(() => client.call({ method: 'POST', bucket: BUCKET, key, query: { uploads: '' } }))
  const uploadId = /<UploadId>([^<]+)</.exec(created.body.toString())?.[1] ?? ''
  const upload = { key, uploadId, parts: sizes.map((size) => randomBytes(size)), etags: [] }
  return sendParts(client, upload, sentBefore)
}

/** All up to so many. */
async function sendParts(client: S3Client, upload: BegunUpload, count: number): Promise<BegunUpload> {
  const { key, uploadId, parts } = upload
  const etags = [...upload.etags]
  for (const body of parts.slice(etags.length, count)) {
    const query = { partNumber: String(etags.length + 1), uploadId }
    const sent = await patiently(() => client.call({ method: 'PUT', bucket: BUCKET, key, query, body }))
    etags.push(sent.headers.etag ?? '')
  }
  return { ...upload, etags }
}

/** I6 of what was begun before the switch. */
async function endUpload(client: S3Client, begun: BegunUpload): Promise<Violation[]> {
  const { key, uploadId, parts, etags } = await sendParts(client, begun, begun.parts.length)
  const list = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`)
  const body = Buffer.from(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`)
  await patiently(() => client.call({ method: 'POST', bucket: BUCKET, key, query: { uploadId }, body }))
  const read = await patiently(() => client.call({ method: 'GET', bucket: BUCKET, key }))
  return read.body.equals(Buffer.concat(parts)) ? [] : [violation('I6', `${key} has other bytes than its parts`)]
}

/** What answers say of the encryption follows the bytes. */
async function checkHeader(client: S3Client, mode: 'on' | 'off'): Promise<Violation[]> {
  const put = { method: 'PUT', bucket: BUCKET, key: 'header', body: randomBytes(100) } as const
  const said = (await patiently(() => client.call(put))).headers['x-amz-server-side-encryption']
  const expected = mode === 'on' ? 'AES256' : undefined
  return said === expected
    ? []
    : [violation('ENC-1', `switched ${mode}, a PUT was answered with the encryption ${said}`)]
}

/** I12 and I11: the migration ends, and no plain blob has a row then. */
async function waitUntilConverted({
  administrator,
  report,
}: Pick<Flipping, 'administrator' | 'report'>): Promise<Violation[]> {
  const deadline = performance.now() + DONE_TIMEOUT_MS
  for (let state = 'running'; state !== 'done'; await delay(500)) {
    const { migration } = await administrator.describe()
    if (migration === null || migration.state === 'failed' || performance.now() > deadline)
      return [violation('I12', `the migration did not end: ${JSON.stringify(migration)}`)]
    if (migration.state !== state) report(`migration: ${migration.state}`)
    state = migration.state
  }
  const { mode } = await administrator.describe()
  const plainCount = await administrator.countPlain()
  return mode === 'off' || plainCount === 0
    ? []
    : [violation('I11', `${plainCount} plain blobs have a row after the end`)]
}

interface Ending extends Pick<Flipping, 'administrator' | 'canaries' | 'report'> {
  dataDir: string
}

/** I11: nothing of any body is on the nodes. */
async function searchLeftovers(input: Ending): Promise<{ violations: Violation[]; left: Leftovers }> {
  const { administrator, canaries, dataDir, report } = input
  const search = createWindowSearch(canaries)
  const { hits, files } = await searchTree(search, nodesOf(dataDir))
  report(`${search.windowCount} windows of ${canaries.length} bodies searched in ${files} files: ${hits.length} hits`)
  const violations = hits.map(({ path, offset, canary }) => violation('I11', `${canary} shows in ${path} at ${offset}`))
  const plainCount = await administrator.countPlain()
  return { violations, left: { plainCount, windows: search.windowCount, hits: hits.length } }
}

function violation(invariant: Violation['invariant'], reason: string): Violation {
  return { invariant, key: '*', reason }
}
