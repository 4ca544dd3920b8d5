import { createHash, randomBytes } from 'node:crypto'
import type { Canary } from '#e2e/canary/window-search.ts'
import type { Violation } from '#e2e/chaos/history.ts'
import { patiently } from '#e2e/chaos/patiently.ts'
import type { S3Client } from '#e2e/s3-client.ts'

export interface KeptVersions {
  /** Bodies of all of them. */
  canaries: Canary[]
  /** One more locked version of one key, and a copy of the locked one that is noncurrent by that. */
  add(): Promise<void>
  /** I12: what S3 says of each version, and their order, against what it said at first. */
  check(): Promise<Violation[]>
}

const BUCKET = 'kept'
const SIZES = [0, 100, 70_000, 400_000]
const VERSIONS = 3
/** Which of a key's versions is locked. */
const LOCKED = 1
const LOCKED_MS = 3_600_000
const ADDED_BYTES = 10_000
/** What each answer has of its own, and what tells whether the bytes are sealed. */
const VARYING = new Set([
  'date',
  'connection',
  'keep-alive',
  'x-amz-request-id',
  'x-amz-id-2',
  'x-amz-server-side-encryption',
])

/** Versions with tags, metadata, checksums and locks, current ones and others, that nobody writes to any more. */
export async function keepVersions(client: S3Client): Promise<KeptVersions> {
  const canaries: Canary[] = []
  const kept: KeptVersion[] = []
  let lastLocked: KeptVersion | null = null
  await patiently(() =>
    client.call({ method: 'PUT', bucket: BUCKET, headers: { 'x-amz-bucket-object-lock-enabled': 'true' } }),
  )

  async function keep(key: string, { body, headers }: { body: Buffer; headers: Record<string, string> }) {
    // A copy has no body of its own.
    const sent = 'x-amz-copy-source' in headers ? {} : { body }
    const answer = await patiently(() => client.call({ method: 'PUT', bucket: BUCKET, key, headers, ...sent }))
    const place = { key, versionId: String(answer.headers['x-amz-version-id']), body }
    const version = { ...place, atFirst: (await readVersion(client, place)).described }
    kept.push(version)
    return version
  }

  for (const size of SIZES) {
    for (let count = 0; count < VERSIONS; count++) {
      const body = randomBytes(size)
      canaries.push({ name: `size-${size}, version ${count}`, body })
      await keep(`size-${size}`, { body, headers: headersOf(body, count) })
    }
  }
  const listedAtFirst = await listVersions(client)
  return {
    canaries,
    async add() {
      const body = randomBytes(ADDED_BYTES)
      canaries.push({ name: 'a locked version', body })
      const locked = await keep('locked', { body, headers: headersOf(body, LOCKED) })
      if (lastLocked !== null) {
        const source = `/${BUCKET}/locked?versionId=${lastLocked.versionId}`
        await keep('copied', { body: lastLocked.body, headers: { 'x-amz-copy-source': source } })
      }
      lastLocked = locked
    },
    async check() {
      const found = await Promise.all(kept.map((version) => checkVersion(client, version)))
      const listed = await listVersions(client)
      return listed === listedAtFirst
        ? found.flat()
        : [...found.flat(), violation('*', `the listing ${listedAtFirst} became ${listed}`)]
    },
  }
}

interface KeptVersion {
  key: string
  versionId: string
  body: Buffer
  /** What S3 said of it when it was new. */
  atFirst: string
}

async function checkVersion(client: S3Client, version: KeptVersion): Promise<Violation[]> {
  const { key, versionId, atFirst } = version
  const { body, described } = await readVersion(client, version)
  if (!body.equals(version.body)) return [violation(key, `version ${versionId} has other bytes`)]
  return described === atFirst ? [] : [violation(key, `of version ${versionId}, ${atFirst} became ${described}`)]
}

function violation(key: string, reason: string): Violation {
  return { invariant: 'I12', key, reason }
}

async function listVersions(client: S3Client): Promise<string> {
  const query = { versions: '', prefix: 'size-' }
  const listed = await patiently(() => client.call({ method: 'GET', bucket: BUCKET, query }))
  return listed.body.toString()
}

function headersOf(body: Buffer, count: number): Record<string, string> {
  return {
    'content-md5': createHash('md5').update(body).digest('base64'),
    'x-amz-meta-count': String(count),
    'x-amz-tagging': `count=${count}`,
    'x-amz-checksum-sha256': createHash('sha256').update(body).digest('base64'),
    ...(count === LOCKED && {
      'x-amz-object-lock-mode': 'GOVERNANCE',
      'x-amz-object-lock-retain-until-date': new Date(Date.now() + LOCKED_MS).toISOString(),
    }),
  }
}

/** The bytes, and what S3 says of them. */
async function readVersion(
  client: S3Client,
  { key, versionId }: Pick<KeptVersion, 'key' | 'versionId'>,
): Promise<{ body: Buffer; described: string }> {
  const headers = { 'x-amz-checksum-mode': 'ENABLED' }
  const get = { method: 'GET', bucket: BUCKET, key, query: { versionId }, headers } as const
  const read = await patiently(() => client.call(get))
  const kept = Object.entries(read.headers).filter(([name]) => !VARYING.has(name))
  return { body: read.body, described: JSON.stringify(Object.fromEntries(kept)) }
}
