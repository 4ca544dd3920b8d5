import { describe, expect, it } from 'vitest'
import { ApiRequestError } from '#lib/fetch-json.ts'
import { createLanes } from '#lib/upload/lanes.ts'
import { PART_BYTES_MIN } from '#lib/upload/part-plan.ts'
import type { Transport, UploadRequest } from '#lib/upload/transport.ts'
import { FILES_AT_ONCE, UploadQueue } from '#lib/upload/upload-queue.ts'

const TARGET = { namespace: 'main', bucket: 'photos' }
const written = { etag: 'e', lastModified: '2026-01-01T00:00:00.000Z', sealed: true }

/** A server in memory, with a gate before every answer and faults on demand. */
function createServer() {
  const objects = new Map<string, number>()
  const uploads = new Map<string, Map<number, number>>()
  const requests: UploadRequest[] = []
  const faults: (ApiRequestError | null)[] = []
  let gate: Promise<void> = Promise.resolve()
  let inFlight = 0
  let inFlightMax = 0

  const fail = (status: number, code: string) => new ApiRequestError({ status, code, message: code, requestId: 'r' })

  function answer({ method, url, headers, body }: UploadRequest): unknown {
    const { pathname, searchParams } = new URL(url, 'https://console.test')
    const key = searchParams.get('key') ?? ''
    const [, , , , kind, uploadId = '', step, number] = pathname.split('/')
    const mustBeNew = headers['if-none-match'] === '*'
    const size = body instanceof Blob ? body.size : 0
    if (kind === 'object') {
      if (mustBeNew && objects.has(key)) throw fail(412, 'PreconditionFailed')
      objects.set(key, size)
      return { key, size, ...written }
    }
    if (method === 'POST' && step === undefined) {
      const id = `00000000-0000-4000-8000-${String(uploads.size).padStart(12, '0')}`
      uploads.set(id, new Map())
      return { uploadId: id }
    }
    const parts = uploads.get(uploadId)
    if (parts === undefined) throw fail(404, 'NoSuchUpload')
    if (method === 'DELETE') return uploads.delete(uploadId)
    if (step === 'parts') {
      parts.set(Number(number), size)
      return { partNumber: Number(number), etag: `e${number}`, size }
    }
    const named = JSON.parse(String(body)) as { parts: { partNumber: number }[] }
    const total = named.parts.reduce((sum, part) => sum + (parts.get(part.partNumber) ?? 0), 0)
    uploads.delete(uploadId)
    objects.set(key, total)
    return { key, size: total, ...written }
  }

  const transport: Transport = async (request) => {
    requests.push(request)
    inFlightMax = Math.max(inFlightMax, ++inFlight)
    try {
      await Promise.race([gate, aborted(request.signal)])
      request.signal.throwIfAborted()
      const fault = faults.shift()
      if (fault) throw fault
      request.onProgress?.(request.body instanceof Blob ? request.body.size : 0)
      return answer(request)
    } finally {
      inFlight--
    }
  }

  return {
    objects,
    uploads,
    requests,
    faults,
    transport,
    fail,
    hold() {
      let open = () => {}
      gate = new Promise((resolve) => {
        open = resolve
      })
      return open
    },
    inFlightMax: () => inFlightMax,
  }
}

const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))

function start(server = createServer()) {
  const queue = new UploadQueue({
    transport: server.transport,
    checksum: async () => 'AAAAAA==',
    lanes: createLanes(FILES_AT_ONCE),
    random: () => 0,
    sleep: async () => {},
    preflight: async (_bucket, names) => ({
      existing: names
        .filter(({ key }) => server.objects.has(key))
        .map(({ key }) => ({ key, size: server.objects.get(key) ?? 0, lastModified: written.lastModified })),
    }),
    onChange: () => {},
  })
  const add = (files: Record<string, number>) =>
    queue.add(
      TARGET,
      queue.newBatch(),
      Object.entries(files).map(([key, size]) => ({ key, file: sparseFile(key, size) })),
    )
  const stateOf = (key: string) => queue.items.find((item) => item.key === key)?.state
  const settle = () =>
    expect.poll(() => queue.items.every(({ state }) => state === 'done' || state === 'skipped')).toBe(true)
  const idOf = (key: string) => queue.items.find((item) => item.key === key)?.id ?? 0
  return { server, queue, add, stateOf, settle, idOf }
}

/** A file of any size that takes no memory. */
function sparseFile(name: string, size: number): File {
  const slice = (from: number, to: number) => sparseFile(name, to - from)
  return Object.defineProperties(new File([], name), { size: { value: size }, slice: { value: slice } })
}

describe('UploadQueue', () => {
  it('stores small files in one request each, with a checksum, and never over an existing object', async () => {
    const { server, add, settle } = start()
    add({ 'a.txt': 5, 'b.txt': 0 })
    await settle()
    expect([...server.objects]).toEqual([
      ['a.txt', 5],
      ['b.txt', 0],
    ])
    expect(server.requests.map(({ headers }) => headers)).toEqual(
      Array.from({ length: 2 }, () =>
        expect.objectContaining({ 'if-none-match': '*', 'x-sceau-checksum-crc32c': 'AAAAAA==' }),
      ),
    )
  })

  it('stores a large file in parts and completes them in order', async () => {
    const { server, add, settle } = start()
    add({ 'big.bin': PART_BYTES_MIN * 3 + 7 })
    await settle()
    expect(server.objects.get('big.bin')).toBe(PART_BYTES_MIN * 3 + 7)
    expect(server.uploads.size).toBe(0)
    const completion = server.requests.at(-1)
    expect(JSON.parse(String(completion?.body)).parts.map((part: { partNumber: number }) => part.partNumber)).toEqual([
      1, 2, 3, 4,
    ])
  })

  it('never has more than four requests under way, over all files', async () => {
    const { server, add, settle } = start()
    add({
      'big.bin': PART_BYTES_MIN * 9,
      ...Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`${index}`, 1])),
    })
    await settle()
    expect(server.inFlightMax()).toBe(4)
    expect(server.objects.size).toBe(21)
  })

  it('tries again after a passing fault, and fails for good after a refusal', async () => {
    const { server, queue, add, stateOf } = start()
    server.faults.push(
      server.fail(503, 'SlowDown'),
      server.fail(0, 'NetworkError'),
      null,
      server.fail(403, 'AccessDenied'),
    )
    add({ 'a.txt': 1 })
    await expect.poll(() => stateOf('a.txt')).toBe('done')
    add({ 'b.txt': 1 })
    await expect.poll(() => stateOf('b.txt')).toBe('failed')
    expect(queue.items[1]?.failure).toMatchObject({ code: 'AccessDenied', requestId: 'r' })
  })

  it('sends only the missing parts after a failure', async () => {
    const { server, queue, add, stateOf, idOf } = start()
    server.faults.push(null, null, null, server.fail(403, 'AccessDenied'))
    add({ 'big.bin': PART_BYTES_MIN * 3 })
    await expect.poll(() => stateOf('big.bin')).toBe('failed')
    const sentBefore = server.requests.length
    queue.retry([idOf('big.bin')])
    await expect.poll(() => stateOf('big.bin')).toBe('done')
    expect(server.requests.slice(sentBefore).map(({ method }) => method)).toEqual(['PUT', 'POST'])
    expect(server.objects.get('big.bin')).toBe(PART_BYTES_MIN * 3)
  })

  it('pauses at once and goes on from there', async () => {
    const { server, queue, add, stateOf, idOf } = start()
    const open = server.hold()
    add({ 'a.txt': 9 })
    await expect.poll(() => stateOf('a.txt')).toBe('uploading')
    queue.pause([idOf('a.txt')])
    expect(stateOf('a.txt')).toBe('paused')
    open()
    await expect.poll(() => server.objects.size, { interval: 5 }).toBe(0)
    queue.resume([idOf('a.txt')])
    await expect.poll(() => stateOf('a.txt')).toBe('done')
  })

  it('sends nothing while offline, fails nothing, and goes on by itself', async () => {
    const { server, queue, add, stateOf } = start()
    const open = server.hold()
    add({ 'a.txt': 9 })
    await expect.poll(() => stateOf('a.txt')).toBe('uploading')
    queue.setOnline(false)
    open()
    add({ 'b.txt': 9 })
    await expect.poll(() => stateOf('b.txt')).toBe('queued')
    expect(stateOf('a.txt')).toBe('queued')
    expect(server.requests).toHaveLength(1)
    queue.setOnline(true)
    await expect.poll(() => [stateOf('a.txt'), stateOf('b.txt')]).toEqual(['done', 'done'])
  })

  it('gives the parts back when it is cancelled', async () => {
    const { server, queue, add, stateOf, idOf } = start()
    server.faults.push(null, null, server.fail(403, 'AccessDenied'))
    add({ 'big.bin': PART_BYTES_MIN * 2 })
    await expect.poll(() => stateOf('big.bin')).toBe('failed')
    expect(server.uploads.size).toBe(1)
    queue.cancel([idOf('big.bin')])
    expect(stateOf('big.bin')).toBe('cancelled')
    await expect.poll(() => server.uploads.size).toBe(0)
    expect(server.objects.size).toBe(0)
  })

  it.each([
    [new Array(1025).fill('k').join(''), 1, 'keyTooLong'],
    ['huge.bin', 5 * 1024 ** 4 + 1, 'tooLarge'],
  ])('refuses what S3 cannot hold before sending a byte', (key, size, reason) => {
    const { server, queue, add } = start()
    add({ [key]: size })
    expect(queue.items[0]).toMatchObject({ state: 'failed', failure: { reason } })
    expect(server.requests).toEqual([])
  })
})

describe('UploadQueue conflicts', () => {
  function startWithTaken(...keys: string[]) {
    const server = createServer()
    for (const key of keys) server.objects.set(key, 100)
    return start(server)
  }

  it('asks before it sends, and leaves the stored object alone on skip', async () => {
    const { server, queue, add, stateOf, idOf } = startWithTaken('a.txt')
    add({ 'a.txt': 1, 'new.txt': 2 })
    await expect.poll(() => stateOf('new.txt')).toBe('done')
    expect(stateOf('a.txt')).toBe('conflict')
    queue.resolve(idOf('a.txt'), 'skip', false)
    expect(stateOf('a.txt')).toBe('skipped')
    expect(server.objects.get('a.txt')).toBe(100)
  })

  it('replaces when told to', async () => {
    const { server, queue, add, stateOf, idOf } = startWithTaken('a.txt')
    add({ 'a.txt': 1 })
    await expect.poll(() => stateOf('a.txt')).toBe('conflict')
    queue.resolve(idOf('a.txt'), 'replace', false)
    await expect.poll(() => stateOf('a.txt')).toBe('done')
    expect(server.objects.get('a.txt')).toBe(1)
  })

  it('keeps both under the next free number', async () => {
    const { server, queue, add, stateOf, idOf } = startWithTaken('a.txt', 'a (2).txt')
    add({ 'a.txt': 1 })
    await expect.poll(() => stateOf('a.txt')).toBe('conflict')
    queue.resolve(idOf('a.txt'), 'keep-both', false)
    await expect.poll(() => stateOf('a (3).txt')).toBe('done')
    expect([...server.objects.values()]).toEqual([100, 100, 1])
  })

  it('asks once for a whole drop, what is still being read included, and again for the next', async () => {
    const { server, queue, stateOf, idOf } = startWithTaken('a', 'b', 'late', 'next')
    const addTo = (batch: number, ...keys: string[]) =>
      queue.add(
        TARGET,
        batch,
        keys.map((key) => ({ key, file: sparseFile(key, 1) })),
      )
    const batch = queue.newBatch()
    addTo(batch, 'a', 'b')
    await expect.poll(() => stateOf('b')).toBe('conflict')
    queue.resolve(idOf('a'), 'replace', true)
    addTo(batch, 'late')
    addTo(queue.newBatch(), 'next')
    await expect.poll(() => ['a', 'b', 'late'].map((key) => server.objects.get(key))).toEqual([1, 1, 1])
    await expect.poll(() => stateOf('next')).toBe('conflict')
  })

  it('asks when the name is taken between the check and the sending', async () => {
    const { server, add, stateOf } = start()
    const open = server.hold()
    add({ 'a.txt': 1 })
    await expect.poll(() => stateOf('a.txt')).toBe('uploading')
    server.objects.set('a.txt', 100)
    open()
    await expect.poll(() => stateOf('a.txt')).toBe('conflict')
    expect(server.objects.get('a.txt')).toBe(100)
  })
})
