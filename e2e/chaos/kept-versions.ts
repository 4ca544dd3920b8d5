import { createHash, randomBytes } from 'node:crypto'
import type { Canary } from '#e2e/canary/window-search.ts'
import type { Violation } from '#e2e/chaos/history.ts'
import { patiently } from '#e2e/chaos/patiently.ts'
import type { S3Client } from '#e2e/s3-client.ts'

export interface KeptVersions {
  canaries: Canary[]
  /** I12: what S3 says of each version, and their order, against what it said at first. */
  check(): Promise<Violation[]>
}

const BUCKET = 'kept'
const SIZES = [0, 100, 70_000, 400_000]
const VERSIONS = 3
const LOCKED_MS = 3_600_000
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
  const headers = { 'x-amz-bucket-object-lock-enabled': 'true' }
  await patiently(() => client.call({ method: 'PUT', bucket: BUCKET, headers }))
  const versions: { key: string; versionId: string }[] = []
  for (const size of SIZES) {
    for (let count = 0; count < VERSIONS; count++) {
      const body = randomBytes(size)
      const key = `size-${size}`
      canaries.push({ name: `${key}, version ${count}`, body })
      const put = { method: 'PUT', bucket: BUCKET, key, body, headers: headersOf(body, count) } as const
      const answer = await patiently(() => client.call(put))
      versions.push({ key, versionId: String(answer.headers['x-amz-version-id']) })
    }
  }
  const describe = async () => {
    const lines = await Promise.all(versions.map((version) => describeVersion(client, version)))
    const listed = await patiently(() => client.call({ method: 'GET', bucket: BUCKET, query: { versions: '' } }))
    return [...lines, listed.body.toString()]
  }
  const atFirst = await describe()
  return {
    canaries,
    async check() {
      const now = await describe()
      return now.flatMap((line, index) => {
        if (line === atFirst[index]) return []
        return {
          invariant: 'I12' as const,
          key: versions[index]?.key ?? '*',
          reason: `${atFirst[index]} became ${line}`,
        }
      })
    },
  }
}

function headersOf(body: Buffer, count: number): Record<string, string> {
  return {
    'content-md5': createHash('md5').update(body).digest('base64'),
    'x-amz-meta-count': String(count),
    'x-amz-tagging': `count=${count}`,
    'x-amz-checksum-sha256': createHash('sha256').update(body).digest('base64'),
    ...(count === 1 && {
      'x-amz-object-lock-mode': 'GOVERNANCE',
      'x-amz-object-lock-retain-until-date': new Date(Date.now() + LOCKED_MS).toISOString(),
    }),
  }
}

async function describeVersion(
  client: S3Client,
  { key, versionId }: { key: string; versionId: string },
): Promise<string> {
  const headers = { 'x-amz-checksum-mode': 'ENABLED' }
  const get = { method: 'GET', bucket: BUCKET, key, query: { versionId }, headers } as const
  const { headers: answered, body } = await patiently(() => client.call(get))
  const kept = Object.entries(answered).filter(([name]) => !VARYING.has(name))
  return JSON.stringify([key, versionId, createHash('sha256').update(body).digest('hex'), Object.fromEntries(kept)])
}
