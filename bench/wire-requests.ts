import type { WireRequest } from '#bench/lean-connection.ts'
import type { LoadSpec } from '#bench/load-spec.ts'
import { canonicalQuery, createSigner, encodePath, type Signer } from '#e2e/signature.ts'

/** Gives the next request to send; null when the spec has none left. */
export type RequestSource = () => WireRequest | null

/** Bodies up to this size travel in one write with their headers. */
const JOINED_BYTES_MAX = 65_536
/** Signatures made before the clock runs: enough for the fastest cells, and a bounded amount of memory. */
const PREPARED_MAX = 120_000
const EXPECTED_PER_SECOND = 24_000
const EXPECTED_BYTES_PER_SECOND = 512 * 1024 ** 2

/**
 * Requests signed with Signature Version 4 over UNSIGNED-PAYLOAD. Those of small objects are signed beforehand (a
 * signature is good for 15 minutes), so that the load process spends its time on the wire.
 */
export function createRequestSource(spec: LoadSpec, filler: Buffer): RequestSource {
  const signer = createSigner(spec.service.credentials)
  const make = (operation: 'PUT' | 'GET' | 'HEAD' | 'DELETE', number: number) =>
    objectRequest({ spec, signer, filler, method: operation, number })
  switch (spec.operation) {
    case 'PUT':
      return numbered(spec, (number) => make('PUT', number))
    case 'DELETE':
      return numbered({ ...spec, requestsMax: keysOfOurs(spec) }, (number) => make('DELETE', number))
    case 'PART':
      return numbered(spec, (number) => partRequest({ spec, signer, filler, partNumber: number + 1 }))
    case 'LIST':
      return chosen(spec, (number) => listRequest(spec, signer, number))
    case 'GET':
    case 'HEAD':
      return chosen(spec, (number) => make(spec.operation as 'GET' | 'HEAD', number))
    case 'CONNECT':
      return chosen(spec, (number) => make('HEAD', number))
    case 'MIXED':
      return mixed(spec, make)
  }
}

/** Padded, so that keys sort as their numbers do. */
function objectKey({ keyPrefix, folders }: LoadSpec, number: number): string {
  const digits = String(number).padStart(9, '0')
  return keyPrefix + (folders ? `${digits.slice(0, -2)}/${digits.slice(-2)}` : digits)
}

function keysOfOurs({ keyCount, keyFirst, keyStep }: LoadSpec): number {
  return Math.max(0, Math.ceil((keyCount - keyFirst) / keyStep))
}

/** One request for each of our keys in turn, the first of them prepared. */
function numbered(spec: LoadSpec, makeOne: (number: number) => WireRequest): RequestSource {
  const make = (turn: number) => makeOne(spec.keyFirst + turn * spec.keyStep)
  const perSecond = Math.min(EXPECTED_PER_SECOND, EXPECTED_BYTES_PER_SECOND / spec.size)
  const expected = Math.min(spec.requestsMax ?? Number.POSITIVE_INFINITY, Math.ceil(spec.seconds * perSecond))
  const preparedCount = spec.size <= JOINED_BYTES_MAX ? Math.min(PREPARED_MAX, expected) : 0
  const prepared = Array.from({ length: preparedCount }, (_, number) => make(number))
  let next = 0
  return () => {
    if (spec.requestsMax !== null && next >= spec.requestsMax) return null
    const number = next++
    return prepared[number] ?? make(number)
  }
}

/** Any of `keyCount` requests, at random, all prepared. */
function chosen(spec: LoadSpec, make: (number: number) => WireRequest): RequestSource {
  const count = Math.min(spec.keyCount, PREPARED_MAX)
  const requests = Array.from({ length: count }, (_, index) => make(Math.floor((index * spec.keyCount) / count)))
  return () => requests[Math.floor(Math.random() * count)] ?? null
}

/** 45 % GET, 30 % HEAD, 15 % PUT of new keys, 10 % DELETE of keys put before. */
function mixed(
  spec: LoadSpec,
  make: (method: 'PUT' | 'GET' | 'HEAD' | 'DELETE', number: number) => WireRequest,
): RequestSource {
  const gets = chosen(spec, (number) => make('GET', number))
  const heads = chosen(spec, (number) => make('HEAD', number))
  let written = spec.keyCount + spec.keyFirst
  let deleted = written
  return () => {
    const ticket = Math.random()
    if (ticket < 0.45) return gets()
    if (ticket < 0.75) return heads()
    if (ticket < 0.9 || deleted === written) {
      written += spec.keyStep
      return make('PUT', written - spec.keyStep)
    }
    deleted += spec.keyStep
    return make('DELETE', deleted - spec.keyStep)
  }
}

interface ObjectRequest {
  spec: LoadSpec
  signer: Signer
  filler: Buffer
  method: 'PUT' | 'GET' | 'HEAD' | 'DELETE'
  number: number
}

function objectRequest({ spec, signer, filler, method, number }: ObjectRequest): WireRequest {
  const path = encodePath(spec.bucket, objectKey(spec, number))
  const bodyBytes = method === 'PUT' ? spec.size : 0
  return wireRequest({ spec, signer, filler, method, path, query: {}, bodyBytes })
}

interface PartRequest {
  spec: LoadSpec
  signer: Signer
  filler: Buffer
  partNumber: number
}

function partRequest({ spec, signer, filler, partNumber }: PartRequest): WireRequest {
  const path = encodePath(spec.bucket, spec.keyPrefix)
  const query = { ...spec.query, partNumber: String(partNumber) }
  return wireRequest({ spec, signer, filler, method: 'PUT', path, query, bodyBytes: spec.size })
}

function listRequest(spec: LoadSpec, signer: Signer, number: number): WireRequest {
  const query = { 'list-type': '2', 'max-keys': String(spec.size), ...spec.query }
  const after = spec.query['delimiter'] === undefined ? { 'start-after': objectKey(spec, number) } : {}
  const path = encodePath(spec.bucket, null)
  return wireRequest({
    spec,
    signer,
    filler: Buffer.alloc(0),
    method: 'GET',
    path,
    query: { ...query, ...after },
    bodyBytes: 0,
  })
}

interface WireRequestInput {
  spec: LoadSpec
  signer: Signer
  filler: Buffer
  method: string
  path: string
  query: Record<string, string>
  bodyBytes: number
}

function wireRequest({ spec, signer, filler, method, path, query, bodyBytes }: WireRequestInput): WireRequest {
  const host = new URL(spec.service.endpoint).host
  const withBody = method === 'PUT'
  const headers = signer.sign({
    method,
    path,
    query,
    headers: { host, ...(withBody && { 'content-length': String(bodyBytes) }) },
    payloadHash: 'UNSIGNED-PAYLOAD',
  })
  const search = canonicalQuery(query)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = Buffer.from(`${method} ${path}${search && `?${search}`} HTTP/1.1\r\n${lines.join('')}\r\n`)
  const joined = bodyBytes <= JOINED_BYTES_MAX
  return {
    head: joined && bodyBytes > 0 ? Buffer.concat([head, filler.subarray(0, bodyBytes)]) : head,
    fillerBytes: joined ? 0 : bodyBytes,
    bodyless: method === 'HEAD',
  }
}
