import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type Canary, createWindowSearch, searchTree } from '#e2e/canary/window-search.ts'
import { type Administrator, createAdministrator } from '#e2e/chaos/administrator.ts'
import type { Violation } from '#e2e/chaos/history.ts'
import { type KeptVersions, keepVersions } from '#e2e/chaos/kept-versions.ts'
import { runKillExperiment } from '#e2e/chaos/kill-experiment.ts'
import { patiently } from '#e2e/chaos/patiently.ts'
import { nodesOf } from '#e2e/chaos/reclaim-experiment.ts'
import { beginningOf } from '#e2e/chaos/values.ts'
import type { Product, Role } from '#e2e/product.ts'
import { createS3Client, type S3Client } from '#e2e/s3-client.ts'

export interface FlipExperiment {
  product: Product
  flips: number
  kills: number
  report(line: string): void
}

export interface FlipReport {
  violations: Violation[]
  eventCount: number
  killed: Partial<Record<Role, number>>
  /** Windows of bodies that were searched for on the nodes at the end. */
  windows: number
}

/** Bytes are wiped at once, and nothing moves blobs from file to file: a row of a blob is then as old as its commit. */
export const FLIP_SETTINGS = {
  SCEAU_NAMESPACE_ENCRYPTION: 'off',
  SCEAU_GARBAGE_GRACE_SECONDS: '2',
  SCEAU_ORPHAN_GRACE_SECONDS: '5',
  SCEAU_JOB_INTERVAL_SECONDS: '3600',
}

const BUCKET = 'flips'
const PART_BYTES = 60_000
/** Of a value that the load wrote: more than enough to find it. */
const VALUE_BYTES = 256
const PAUSE_MS: [least: number, most: number] = [200, 1_200]
const KILL_PAUSE_MS: [least: number, most: number] = [2_000, 5_000]
const DONE_TIMEOUT_MS = 300_000
/** Calls are repeated: what hangs on a process that was killed need not be waited for. */
const CALL_TIMEOUT_MS = 8_000

/**
 * Throws the switch of a namespace again and again, each time with everything converted, under mixed load and kills of
 * gateways and jobs; with uploads begun before a throw and completed after it. At the end the namespace is on and converted:
 * then no plain blob is left, in no row and in no file of the nodes.
 */
export async function runFlipExperiment({ product, flips, kills, report }: FlipExperiment): Promise<FlipReport> {
  const administrator = await createAdministrator(product)
  const watched = watchClient(createS3Client({ ...product, timeoutMs: CALL_TIMEOUT_MS }))
  const { client } = watched
  try {
    const kept = await keepVersions(client)
    await patiently(() => client.call({ method: 'PUT', bucket: BUCKET }))
    const canaries = [...kept.canaries]
    const kill = (role: Role) => (role === 'postgres' || !watched.takeAnswer() ? null : product.kill(role))
    const target = { ...product, kill }
    const flipping = flipOften({ administrator, client, kept, canaries, flips, report })
    const killing = { target, kills, keyCount: 60, pauseMs: KILL_PAUSE_MS, report }
    const [load, flipped] = await Promise.all([runKillExperiment({ ...killing, until: flipping }), flipping])
    load.client.close()
    for (const event of load.recorder.events) {
      if (event.kind === 'write')
        canaries.push({ name: `a value of ${event.key}`, body: beginningOf(event.value, VALUE_BYTES) })
    }
    const left = await convertToTheEnd({ administrator, dataDir: product.dataDir, canaries, report })
    return {
      violations: [...load.violations, ...flipped, ...(await kept.check()), ...left.violations],
      eventCount: load.eventCount,
      killed: load.killed,
      windows: left.windows,
    }
  } finally {
    client.close()
    await administrator.close()
  }
}

/** Between two kills one call at least is answered: however slow the machine is, the experiment gets on. */
function watchClient(client: S3Client): { client: S3Client; takeAnswer(): boolean } {
  let isAnswered = false
  return {
    client: {
      ...client,
      async call(input) {
        const answer = await client.call(input)
        isAnswered ||= answer.outcome === 'ok'
        return answer
      },
    },
    takeAnswer() {
      const wasAnswered = isAnswered
      isAnswered = false
      return wasAnswered
    },
  }
}

interface Flipping {
  administrator: Administrator
  client: S3Client
  kept: KeptVersions
  canaries: Canary[]
  flips: number
  report(line: string): void
}

async function flipOften({ administrator, client, kept, canaries, flips, report }: Flipping): Promise<Violation[]> {
  const violations: Violation[] = []
  const [least, most] = PAUSE_MS
  for (let flip = 1; flip <= flips; flip++) {
    const mode = flip % 2 === 1 ? 'on' : 'off'
    const uploads = await Promise.all([beginUpload(client, flip, 'with a part'), beginUpload(client, flip, 'empty')])
    canaries.push(...uploads.map(({ key, body }) => ({ name: key, body })))
    await administrator.switchTo(mode)
    for (const upload of uploads) violations.push(...(await endUpload(client, upload)))
    violations.push(...(await checkHeader(client, mode)))
    await delay(least + Math.random() * (most - least))
    violations.push(...(await kept.check()))
    const plainCount = await administrator.countPlainSinceSwitch()
    if (plainCount > 0)
      violations.push(violation('ENC-1', `${plainCount} plain blobs were committed after flip ${flip}`))
    const { state, percent } = await administrator.describe()
    report(`flip ${flip}/${flips}: ${mode}; ${state} ${percent ?? ''}`)
  }
  return violations
}

interface BegunUpload {
  key: string
  uploadId: string
  body: Buffer
  etag: string | null
}

async function beginUpload(client: S3Client, flip: number, kind: 'with a part' | 'empty'): Promise<BegunUpload> {
  const key = `flip ${flip} ${kind}`
  const created = await patiently(() => client.call({ method: 'POST', bucket: BUCKET, key, query: { uploads: '' } }))
  const uploadId = /<UploadId>([^<]+)</.exec(created.body.toString())?.[1] ?? ''
  const upload = { key, uploadId, body: randomBytes(PART_BYTES), etag: null }
  return kind === 'empty' ? upload : { ...upload, etag: await sendPart(client, upload) }
}

async function sendPart(client: S3Client, { key, uploadId, body }: BegunUpload): Promise<string> {
  const query = { partNumber: '1', uploadId }
  const sent = await patiently(() => client.call({ method: 'PUT', bucket: BUCKET, key, query, body }))
  return sent.headers.etag ?? ''
}

/** I6 and I12 of what was begun before the switch. */
async function endUpload(client: S3Client, upload: BegunUpload): Promise<Violation[]> {
  const { key, uploadId } = upload
  const etag = upload.etag ?? (await sendPart(client, upload))
  const part = `<Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part>`
  const body = Buffer.from(`<CompleteMultipartUpload>${part}</CompleteMultipartUpload>`)
  await patiently(() => client.call({ method: 'POST', bucket: BUCKET, key, query: { uploadId }, body }))
  const read = await patiently(() => client.call({ method: 'GET', bucket: BUCKET, key }))
  return read.body.equals(upload.body) ? [] : [violation('I6', `${key} has other bytes than its part`)]
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

interface Ending extends Pick<Flipping, 'administrator' | 'canaries' | 'report'> {
  dataDir: string
}

/** I11: once the migration says that it is complete, nothing of any body is on the nodes. */
async function convertToTheEnd(input: Ending): Promise<{ violations: Violation[]; windows: number }> {
  const { administrator, canaries, dataDir, report } = input
  await administrator.switchTo('on')
  const deadline = performance.now() + DONE_TIMEOUT_MS
  for (let state = 'running'; state !== 'done'; ) {
    const { migration } = await administrator.describe()
    if (migration === null || migration.state === 'failed' || performance.now() > deadline)
      return { violations: [violation('I12', `the migration did not end: ${JSON.stringify(migration)}`)], windows: 0 }
    if (migration.state !== state) report(`migration: ${migration.state}`)
    state = migration.state
    await delay(500)
  }
  const violations: Violation[] = []
  const plainCount = await administrator.countPlain()
  if (plainCount > 0) violations.push(violation('I11', `${plainCount} plain blobs have a row after the end`))
  const search = createWindowSearch(canaries)
  const { hits, files } = await searchTree(search, nodesOf(dataDir))
  report(`${search.windowCount} windows of ${canaries.length} bodies searched in ${files} files: ${hits.length} hits`)
  for (const { path, offset, canary } of hits)
    violations.push(violation('I11', `${canary} shows in ${path} at ${offset}`))
  return { violations, windows: search.windowCount }
}

function violation(invariant: Violation['invariant'], reason: string): Violation {
  return { invariant, key: '*', reason }
}
