import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Canary } from '#e2e/canary/window-search.ts'
import { type ConsoleClient, createConsoleClient } from '#e2e/console-client.ts'
import type { Product } from '#e2e/product.ts'
import { createS3Client, type S3Answer, type S3Call } from '#e2e/s3-client.ts'

export interface CanaryWriter {
  /** One pass over all ways in which bytes enter the product. Rejects when one of them does not answer as it should. */
  writeByEveryPath(round: number): Promise<void>
  close(): void
}

const KIB = 1024
const MIB = 1024 * KIB
const BUCKET = 'canaries'
const SINGLE_SIZES = [0, 100, 4 * KIB, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 300 * KIB, 5 * MIB]
/** Small enough to be gathered in memory, and large enough to be on disk in part. */
const CUTS = [
  [100 * KIB, 90 * KIB],
  [8 * MIB, 6 * MIB],
] as const
const RESTART_TIMEOUT_MS = 20_000

/** Every body that is sent goes into `canaries`, acknowledged or not. */
export async function createCanaryWriter(product: Product, canaries: Canary[]): Promise<CanaryWriter> {
  const client = createS3Client(product)
  const browser = await createConsoleClient(product)
  await expectOk(client.call({ method: 'PUT', bucket: BUCKET }))
  const site = (prefix: string): Site => ({
    product,
    browser,
    prefix,
    call: (input) => client.call({ bucket: BUCKET, ...input }),
    canary(name, size) {
      const body = randomBytes(size)
      canaries.push({ name, body })
      return body
    },
  })
  return {
    async writeByEveryPath(round) {
      for (const write of WAYS) await write(site(`round-${round}`))
    },
    close() {
      client.close()
      browser.close()
    },
  }
}

interface Site {
  product: Product
  browser: ConsoleClient
  /** Of every key of this round. */
  prefix: string
  call(input: S3Call): Promise<S3Answer>
  /** A new random body, remembered under `name`. */
  canary(name: string, size: number): Buffer
}

const WAYS = [writeSingleBodies, copyObjects, uploadInParts, leaveUnfinished, uploadFromConsole, killWhileWriting]

async function writeSingleBodies({ call, canary, prefix }: Site): Promise<void> {
  for (const size of SINGLE_SIZES) {
    await expectOk(call({ method: 'PUT', key: `${prefix}/put-${size}`, body: canary(`PUT of ${size}`, size) }))
  }
  const chunked = canary('aws-chunked PUT', 200 * KIB)
  await expectOk(call({ method: 'PUT', key: `${prefix}/chunked`, body: chunked, payload: 'chunked' }))
  const replaced = canary('PUT, then replaced and deleted', 70 * KIB)
  await expectOk(call({ method: 'PUT', key: `${prefix}/gone`, body: replaced }))
  await expectOk(call({ method: 'PUT', key: `${prefix}/gone`, body: canary('PUT over another', 9 * KIB) }))
  await expectOk(call({ method: 'DELETE', key: `${prefix}/gone` }))
}

async function copyObjects({ call, prefix }: Site): Promise<void> {
  for (const size of [4 * KIB, 5 * MIB]) {
    const headers = { 'x-amz-copy-source': `/${BUCKET}/${prefix}/put-${size}` }
    await expectOk(call({ method: 'PUT', key: `${prefix}/copy-${size}`, headers }))
  }
}

async function uploadInParts({ call, canary, prefix }: Site): Promise<void> {
  const key = `${prefix}/multipart`
  const uploadId = await startUpload(call, key)
  const source = { 'x-amz-copy-source': `/${BUCKET}/${prefix}/put-${5 * MIB}` }
  const copied = await expectOk(call({ method: 'PUT', key, query: { partNumber: '1', uploadId }, headers: source }))
  const body = canary('part', 100 * KIB)
  const sent = await expectOk(call({ method: 'PUT', key, query: { partNumber: '2', uploadId }, body }))
  const etags = [/<ETag>([^<]+)</.exec(copied.body.toString())?.[1] ?? '', sent.headers.etag ?? '']
  const parts = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`)
  const list = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`)
  await expectOk(call({ method: 'POST', key, query: { uploadId }, body: list }))
}

async function leaveUnfinished({ call, canary, prefix }: Site): Promise<void> {
  for (const ending of ['aborted', 'open'] as const) {
    const key = `${prefix}/${ending}`
    const uploadId = await startUpload(call, key)
    const body = canary(`part of an upload left ${ending}`, 300 * KIB)
    await expectOk(call({ method: 'PUT', key, query: { partNumber: '1', uploadId }, body }))
    if (ending === 'aborted') await expectOk(call({ method: 'DELETE', key, query: { uploadId } }))
  }
  for (const [size, cutAfterBytes] of CUTS) {
    const body = canary(`PUT of ${size} cut by the client`, size)
    await call({ method: 'PUT', key: `${prefix}/cut-${size}`, body, cutAfterBytes })
  }
}

async function uploadFromConsole({ browser, canary, prefix }: Site): Promise<void> {
  const object = (key: string) => ({ namespace: 'main', bucket: BUCKET, key: `${prefix}/${key}` })
  await browser.upload({ object: object('console'), body: canary('console upload', 50 * KIB) })
  const parts = [canary('console part', 5 * MIB), canary('last console part', 20 * KIB)]
  await browser.uploadParts({ object: object('console-parts'), parts })
}

/** kill -9 of every gateway worker while large and small bodies are on their way. */
async function killWhileWriting({ product, call, canary, prefix }: Site): Promise<void> {
  const calls = [16 * MIB, 2 * MIB, 40 * KIB, 40 * KIB].map((size, index) =>
    call({ method: 'PUT', key: `${prefix}/killed-${index}`, body: canary(`PUT of ${size} killed`, size) }),
  )
  await delay(60)
  for (const pid of product.pids('gateway')) process.kill(pid, 'SIGKILL')
  await Promise.all(calls)
  const deadline = performance.now() + RESTART_TIMEOUT_MS
  for (;;) {
    const answer = await call({ method: 'HEAD' })
    if (answer.outcome === 'ok') return
    if (performance.now() > deadline) throw new Error(`No gateway answers after the kill: ${answer.code}`)
    await delay(200)
  }
}

async function startUpload(call: Site['call'], key: string): Promise<string> {
  const created = await expectOk(call({ method: 'POST', key, query: { uploads: '' } }))
  return /<UploadId>([^<]+)</.exec(created.body.toString())?.[1] ?? ''
}

async function expectOk(pending: Promise<S3Answer>): Promise<S3Answer> {
  const answer = await pending
  if (answer.outcome === 'ok') return answer
  throw new Error(`S3 answered ${answer.status} ${answer.code}: ${answer.body.toString().slice(0, 500)}`)
}
