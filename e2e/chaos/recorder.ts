import type { HistoryEvent } from '#e2e/chaos/history.ts'
import { multipartEtag, readValue, type Value } from '#e2e/chaos/values.ts'
import type { Outcome, S3Answer, S3Call, S3Client } from '#e2e/s3-client.ts'

/** S3 calls of one bucket that write down what a client may conclude from each answer. */
export interface Recorder {
  events: HistoryEvent[]
  put(key: string, value: Value, options?: { onlyIfAbsent?: boolean }): Promise<Outcome>
  /** Copies what `source` holds, provided that it still is what it was a moment ago. */
  copy(source: string, key: string): Promise<void>
  get(key: string): Promise<S3Answer>
  remove(key: string): Promise<void>
  removeMany(keys: string[]): Promise<void>
  list(): Promise<S3Answer>
  /** Uploads the value in `partCount` parts; `ending` says how the upload ends. */
  multipart(input: { key: string; value: Value; partCount: number; ending: UploadEnding }): Promise<void>
}

export type UploadEnding = 'complete' | 'complete twice' | 'complete and abort' | 'leave open'

const VALUE_HEADER = 'x-amz-meta-value'

export function createRecorder(client: S3Client, bucket: string): Recorder {
  const events: HistoryEvent[] = []
  /** ETag → id of every value ever sent, so that a listing tells which value it saw. */
  const valueByEtag = new Map<string, string>()
  const timed = async (call: S3Call) => {
    const start = performance.now()
    const answer = await client.call({ bucket, ...call })
    return { answer, span: { start, end: performance.now() } }
  }

  async function put(key: string, value: Value, { onlyIfAbsent = false } = {}): Promise<Outcome> {
    valueByEtag.set(value.etag, value.id)
    const headers = { [VALUE_HEADER]: value.id, ...(onlyIfAbsent && { 'if-none-match': '*' }) }
    const { answer, span } = await timed({ method: 'PUT', key, body: value.body, headers })
    events.push({ kind: 'write', key, value: value.id, outcome: answer.outcome, onlyIfAbsent, ...span })
    return answer.outcome
  }

  async function get(key: string): Promise<S3Answer> {
    const { answer, span } = await timed({ method: 'GET', key })
    if (answer.outcome === 'ok') events.push({ kind: 'read', key, ...observe(answer, valueByEtag), ...span })
    if (answer.code === 'NoSuchKey') events.push({ kind: 'read', key, observed: null, ...span })
    return answer
  }

  async function copy(source: string, key: string): Promise<void> {
    const head = await client.call({ bucket, method: 'HEAD', key: source })
    const etag = unquote(head.headers.etag)
    const value = valueByEtag.get(etag)
    if (head.outcome !== 'ok' || value === undefined) return
    const headers = {
      'x-amz-copy-source': `/${bucket}/${encodeURIComponent(source)}`,
      'x-amz-copy-source-if-match': `"${etag}"`,
    }
    const { answer, span } = await timed({ method: 'PUT', key, headers })
    events.push({ kind: 'write', key, value, outcome: answer.outcome, ...span })
  }

  async function remove(key: string): Promise<void> {
    const { answer, span } = await timed({ method: 'DELETE', key })
    events.push({ kind: 'delete', key, outcome: answer.outcome, ...span })
  }

  async function removeMany(keys: string[]): Promise<void> {
    const objects = keys.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`).join('')
    const body = Buffer.from(`<Delete>${objects}</Delete>`)
    const { answer, span } = await timed({ method: 'POST', query: { delete: '' }, body })
    const failed = new Set(matches(answer.body, /<Error>\s*<Key>([^<]*)<\/Key>/g))
    for (const key of keys) {
      const outcome = answer.outcome === 'ok' && failed.has(key) ? 'maybe' : answer.outcome
      events.push({ kind: 'delete', key, outcome, ...span })
    }
  }

  async function list(): Promise<S3Answer> {
    const start = performance.now()
    const entries: [string, string][] = []
    const query: Record<string, string> = { 'list-type': '2', 'max-keys': '50' }
    for (;;) {
      const answer = await client.call({ bucket, method: 'GET', query })
      if (answer.outcome !== 'ok') return answer
      const text = answer.body.toString()
      for (const item of text.matchAll(/<Contents>([\s\S]*?)<\/Contents>/g)) {
        const etag = unquote(tag(item[1] ?? '', 'ETag'))
        entries.push([tag(item[1] ?? '', 'Key'), valueByEtag.get(etag) ?? `unknown ETag ${etag}`])
      }
      if (tag(text, 'IsTruncated') !== 'true') {
        events.push({ kind: 'listing', entries, start, end: performance.now() })
        return answer
      }
      query['continuation-token'] = tag(text, 'NextContinuationToken')
    }
  }

  const multipart = createMultipart({ client, bucket, events, valueByEtag })
  return { events, put, get, copy, remove, removeMany, list, multipart }
}

interface MultipartInput {
  client: S3Client
  bucket: string
  events: HistoryEvent[]
  valueByEtag: Map<string, string>
}

function createMultipart({ client, bucket, events, valueByEtag }: MultipartInput): Recorder['multipart'] {
  return async ({ key, value, partCount, ending }) => {
    const headers = { [VALUE_HEADER]: value.id }
    const created = await client.call({ bucket, method: 'POST', key, query: { uploads: '' }, headers })
    const uploadId = tag(created.body.toString(), 'UploadId')
    if (created.outcome !== 'ok') return
    const parts = cut(value.body, partCount)
    const expectedEtag = multipartEtag(parts)
    valueByEtag.set(expectedEtag, value.id)
    // A copy of the object may have the ETag of a single body.
    valueByEtag.set(value.etag, value.id)
    const etags: string[] = []
    for (const [index, part] of parts.entries()) {
      const query = { partNumber: String(index + 1), uploadId }
      const sent = await client.call({ bucket, method: 'PUT', key, query, body: part })
      if (sent.outcome !== 'ok') return
      etags.push(unquote(sent.headers.etag))
    }
    if (ending === 'leave open') return

    const list = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`)
    const body = Buffer.from(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`)
    const complete = () => client.call({ bucket, method: 'POST', key, query: { uploadId }, body })
    const abort = () => client.call({ bucket, method: 'DELETE', key, query: { uploadId } })
    const start = performance.now()
    const [first, other] = await Promise.all([complete(), ending === 'complete and abort' ? abort() : null])
    events.push({ kind: 'write', key, value: value.id, outcome: first.outcome, start, end: performance.now() })
    const answers = [first]
    if (ending === 'complete twice' && first.outcome !== 'no') answers.push(await complete())
    const end = performance.now()
    events.push({
      kind: 'upload-end',
      key,
      complete: first.outcome,
      abort: other?.outcome ?? null,
      etags: answers
        .filter(({ outcome }) => outcome === 'ok')
        .map((answer) => unquote(tag(answer.body.toString(), 'ETag'))),
      expectedEtag,
      start,
      end,
    })
  }
}

/** I2: the bytes, the ETag and the metadata of one answer have to belong to one value. */
function observe(answer: S3Answer, valueByEtag: Map<string, string>): { observed: string | null; damaged?: string } {
  const read = readValue(answer.body)
  if ('damaged' in read) return { observed: null, damaged: read.damaged }
  const etag = unquote(answer.headers.etag)
  const named = answer.headers[VALUE_HEADER]
  const byEtag = valueByEtag.get(etag)
  if (byEtag !== read.id || named !== read.id) {
    return { observed: null, damaged: `body ${read.id}, ETag ${etag} of ${byEtag}, metadata of ${named}` }
  }
  return { observed: read.id }
}

function cut(body: Buffer, partCount: number): Buffer[] {
  const partBytes = Math.ceil(body.length / partCount)
  return Array.from({ length: partCount }, (_, index) => body.subarray(index * partBytes, (index + 1) * partBytes))
}

function tag(xml: string, name: string): string {
  return unescapeXml(new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '')
}

function matches(body: Buffer, pattern: RegExp): string[] {
  return [...body.toString().matchAll(pattern)].map((match) => unescapeXml(match[1] ?? ''))
}

function unquote(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '')
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

function unescapeXml(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}
