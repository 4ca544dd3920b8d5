import pg from 'pg'
import type { BenchTarget } from '#bench/run-cell.ts'
import { createS3Client, type S3Client } from '#e2e/s3-client.ts'

/** A page of a large bucket beside a page of a bucket of ten thousand keys of the same shape. */
export interface ListingResult {
  shape: string
  smallMs: number
  largeMs: number
  /** How much longer a page of the large one takes; 0.15 is committed. */
  excess: number
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html: pages of 1,000 entries. */
const PAGE = '1000'
const SMALL_COUNT = 10_000
const EXCESS_MAX = 0.15
const WARM_UP_PAGES = 20
const ROUNDS = 40
const PAGES_A_ROUND = 5
const DEADLINE_MS = 120_000

interface Shape {
  name: string
  largeCount: number
  /** Of the n-th row, as SQL. */
  key: (count: number) => string
  order: string
  isNull: boolean
  query: Record<string, string>
}

const SHAPES: Shape[] = [
  {
    name: '1,000,000 keys, flat',
    largeCount: 1_000_000,
    key: () => `'key-' || lpad(n::text, 9, '0')`,
    order: '0',
    isNull: true,
    query: { 'list-type': '2', 'max-keys': PAGE },
  },
  {
    name: '1,000,000 keys in 10,000 prefixes, by delimiter',
    largeCount: 1_000_000,
    key: (count) =>
      `'prefix-' || lpad((n / ${Math.max(1, count / 10_000)})::text, 6, '0') || '/' || lpad(n::text, 9, '0')`,
    order: '0',
    isNull: true,
    query: { 'list-type': '2', 'max-keys': PAGE, delimiter: '/' },
  },
  {
    name: '100,000 versions of one key',
    largeCount: 100_000,
    key: () => `'key'`,
    order: 'n',
    isNull: false,
    query: { versions: '', 'max-keys': PAGE },
  },
]

/**
 * Times pages of both buckets of each shape in turn, walking each from its start to its end and again: the median page of
 * one beside the median page of the other. The rows go straight into the database, as no listing reads a body.
 */
export async function runListing(
  { service }: BenchTarget,
  { databaseUrl, onResult }: { databaseUrl: string; onResult: (result: ListingResult) => void },
): Promise<ListingResult[]> {
  const client = createS3Client({ ...service, connectionsMax: 1, timeoutMs: DEADLINE_MS })
  const results: ListingResult[] = []
  try {
    for (const [index, shape] of SHAPES.entries()) {
      const small = await makeBucket(client, databaseUrl, { name: `listing-small-${index}`, shape, count: SMALL_COUNT })
      const large = await makeBucket(client, databaseUrl, {
        name: `listing-large-${index}`,
        shape,
        count: shape.largeCount,
      })
      const result = await compare(shape.name, { small: walk(client, small, shape), large: walk(client, large, shape) })
      onResult(result)
      results.push(result)
    }
  } finally {
    client.close()
  }
  return results
}

export function isListingKept({ excess }: ListingResult): boolean {
  return excess <= EXCESS_MAX
}

export function describeListing(result: ListingResult): string {
  const { shape, smallMs, largeMs, excess } = result
  const percent = `${excess < 0 ? '−' : '+'}${Math.abs(excess * 100).toFixed(1)} %`
  return (
    `page of 1,000 of ${shape}: ${largeMs.toFixed(2)} ms; of ten thousand: ${smallMs.toFixed(2)} ms (${percent}); ` +
    `committed ≤ +15 %: ${isListingKept(result) ? 'kept' : 'MISSED'}`
  )
}

async function makeBucket(
  client: S3Client,
  databaseUrl: string,
  { name, shape, count }: { name: string; shape: Shape; count: number },
): Promise<string> {
  await expectOk(client.call({ method: 'PUT', bucket: name }))
  const database = new pg.Client({ connectionString: databaseUrl })
  await database.connect()
  try {
    await database.query(
      `insert into object_versions (bucket_id, key, noncurrent_order, version_id, is_null, is_delete_marker, owner_id, size, sealed_size,
        etag, last_modified, content_type, wrapped_data_key, namespace_key_version)
      select b.id, ${shape.key(count)}, ${shape.order}, gen_random_uuid(), ${shape.isNull}, false, b.owner_id, 1, 1,
        md5(n::text), now(), 'binary/octet-stream', decode(repeat('ab', 40), 'hex'), 1
      from buckets b, generate_series(0, ${count - 1}) n where b.name = $1`,
      [name],
    )
    await database.query('vacuum (analyze) object_versions')
  } finally {
    await database.end()
  }
  return name
}

/** Pages of a bucket without end, each as the milliseconds that it took. */
async function* walk(client: S3Client, bucket: string, { query }: Shape): AsyncGenerator<number, never> {
  let markers: Record<string, string> = {}
  for (;;) {
    const startedAt = performance.now()
    const { body } = await expectOk(client.call({ method: 'GET', bucket, query: { ...query, ...markers } }))
    yield performance.now() - startedAt
    markers = nextMarkers(body.toString())
  }
}

const MARKERS = {
  NextContinuationToken: 'continuation-token',
  NextKeyMarker: 'key-marker',
  NextVersionIdMarker: 'version-id-marker',
}

function nextMarkers(xml: string): Record<string, string> {
  const found = Object.entries(MARKERS).flatMap(([element, parameter]) => {
    const [, value] = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml) ?? []
    return value === undefined ? [] : [[parameter, value] as const]
  })
  return Object.fromEntries(found)
}

/** In turn, so that whatever else the machine does falls on both. */
async function compare(
  shape: string,
  { small, large }: { small: AsyncGenerator<number, never>; large: AsyncGenerator<number, never> },
): Promise<ListingResult> {
  for (let page = 0; page < WARM_UP_PAGES; page++) {
    await small.next()
    await large.next()
  }
  const smallTimes: number[] = []
  const largeTimes: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    for (const [pages, times] of [[small, smallTimes] as const, [large, largeTimes] as const]) {
      for (let page = 0; page < PAGES_A_ROUND; page++) times.push((await pages.next()).value)
    }
  }
  const smallMs = median(smallTimes)
  const largeMs = median(largeTimes)
  return { shape, smallMs, largeMs, excess: largeMs / smallMs - 1 }
}

function median(values: number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] as number
}

async function expectOk<Answer extends { outcome: string; status: number; code: string }>(
  pending: Promise<Answer>,
): Promise<Answer> {
  const answer = await pending
  if (answer.outcome === 'ok') return answer
  throw new Error(`S3 answered ${answer.status} ${answer.code} to a listing`)
}
