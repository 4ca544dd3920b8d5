import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import type { Canary } from '#e2e/canary/window-search.ts'
import { type ConsoleClient, createConsoleClient } from '#e2e/console-client.ts'
import type { Product } from '#e2e/product.ts'
import { createS3Client, type S3Answer, type S3Call } from '#e2e/s3-client.ts'
import { formBody, signForm } from '#storage-engine/testing/post-form.ts'

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

/** A body that was sent, and whether the product has said that it keeps it. */
export interface SentCanary extends Canary {
  isKept: boolean
}

/** Every body that is sent goes into `canaries`, acknowledged or not. */
export async function createCanaryWriter(product: Product, canaries: SentCanary[]): Promise<CanaryWriter> {
  const client = createS3Client(product)
  const browser = await createConsoleClient(product)
  await expectOk(client.call({ method: 'PUT', bucket: BUCKET }))
  const site = (round: number): Site => ({
    product,
    browser,
    prefix: `round-${round}`,
    call: (input) => client.call({ bucket: BUCKET, ...input }),
    canary(name, size, { isKept = true } = {}) {
      const body = randomBytes(size)
      canaries.push({ name: `${name}, round ${round}`, body, isKept })
      return body
    },
  })
  return {
    async writeByEveryPath(round) {
      for (const write of WAYS) await write(site(round))
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
  /** A new random body, remembered under `name`; of those that are cut off, nobody knows what is kept. */
  canary(name: string, size: number, options?: { isKept?: boolean }): Buffer
}

const WAYS = [
  writeSingleBodies,
  copyObjects,
  uploadInParts,
  leaveUnfinished,
  postForms,
  uploadFromConsole,
  writeVersions,
  killWhileWriting,
]

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
    const body = canary(`PUT of ${size} cut by the client`, size, { isKept: false })
    await call({ method: 'PUT', key: `${prefix}/cut-${size}`, body, cutAfterBytes })
  }
}

/** As a browser does from a page that carries a signed policy. */
async function postForms({ product, canary, prefix }: Site): Promise<void> {
  for (const size of [3 * KIB, 400 * KIB]) {
    const key = `${prefix}/form-${size}`
    const fields = signForm({ version: 'v4', bucket: BUCKET, key, credentials: product.credentials })
    const { body, contentType } = formBody({ key, ...fields }, canary(`POST form of ${size}`, size))
    const status = await post(product, { body, contentType })
    if (status !== 204) throw new Error(`S3 answered ${status} to a form.`)
  }
}

function post(product: Product, { body, contentType }: { body: Buffer; contentType: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    const url = `${product.endpoint}/${BUCKET}`
    const headers = { 'content-type': contentType, 'content-length': body.length }
    const req = request(url, { method: 'POST', ca: readFileSync(product.caFile), headers }, (res) => {
      res.resume().once('end', () => resolve(res.statusCode ?? 0))
    })
    req.once('error', reject).end(body)
  })
}

/** Noncurrent versions stay, under a delete marker; so does what a suspended bucket's null version replaced. */
async function writeVersions({ call, canary, prefix }: Site): Promise<void> {
  const key = `${prefix}/versions`
  const states = ['Enabled', 'Enabled', 'Suspended', 'Suspended']
  for (const [index, state] of states.entries()) {
    const configuration = `<VersioningConfiguration><Status>${state}</Status></VersioningConfiguration>`
    await expectOk(call({ method: 'PUT', query: { versioning: '' }, body: Buffer.from(configuration) }))
    await expectOk(call({ method: 'PUT', key, body: canary(`version ${index}`, 20 * KIB) }))
  }
  await expectOk(call({ method: 'DELETE', key }))
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
    call({
      method: 'PUT',
      key: `${prefix}/killed-${index}`,
      body: canary(`PUT of ${size} killed`, size, { isKept: false }),
    }),
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
