import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { readHeaders } from '#storage-engine/auth/request-headers.ts'
import { parseQuery, splitRequestTarget } from '#storage-engine/auth/request-target.ts'
import type { WireRequest } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Parameters } from '#storage-engine/iam/parameters.ts'

/** A policy document of the greatest length, percent-encoded, and then some. */
const BODY_BYTES_MAX = 512 * 1024
const BODY_MS_MAX = 20_000
const PARAMETERS_MAX = 2_000

const FORM_TYPE = /^application\/x-www-form-urlencoded(?:$|[ ;])/i
const QUERY_TARGET = /^\/\?(?:.*&)?Action=/
const VERSION_IN_TARGET = /[?&]Version=(?:2010-05-08|2011-06-15)(?:&|$)/

/** Whether a request is for IAM or STS. No S3 operation takes a form of this type on `/`, or an Action with a Version. */
export function isQueryRequest({ method, url = '', headers }: IncomingMessage): boolean {
  if (method === 'POST') return /^\/?(?:$|\?)/.test(url) && FORM_TYPE.test(headers['content-type'] ?? '')
  return method === 'GET' && QUERY_TARGET.test(url) && VERSION_IN_TARGET.test(url)
}

/**
 * Reads a request whole, as its signature covers the body. Throws InvalidRequest, InvalidURI, MaxMessageLengthExceeded,
 * RequestTimeout and ValidationError.
 */
export async function readQueryRequest(req: IncomingMessage): Promise<{ wire: WireRequest; parameters: Parameters }> {
  const { rawPath, query } = splitRequestTarget(req.url ?? '')
  const headers = readHeaders(req.rawHeaders)
  const body = req.method === 'POST' ? await readBody(req) : Buffer.alloc(0)
  const form = body.length === 0 ? query : parseQuery(body.toString('latin1'))
  if (form.pairs.length > PARAMETERS_MAX) {
    throw new StorageError('ValidationError', { message: `A request has at most ${PARAMETERS_MAX} parameters.` })
  }
  if (form.values.size < form.pairs.length) {
    throw new StorageError('ValidationError', { message: 'A parameter must not be given twice.' })
  }
  const bodySha256 = createHash('sha256').update(body).digest('hex')
  const claimed = headers.get('x-amz-content-sha256')
  if (claimed !== undefined && claimed !== bodySha256) throw new StorageError('XAmzContentSHA256Mismatch')
  const wire = { method: req.method ?? '', rawPath, query, headers, hostBucket: null, bodySha256 }
  return { wire, parameters: form.values }
}

function readBody(req: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const timer = setTimeout(() => end(new StorageError('RequestTimeout')), BODY_MS_MAX)
    const take = (chunk: Buffer) => {
      size += chunk.length
      if (size > BODY_BYTES_MAX) end(new StorageError('MaxMessageLengthExceeded'))
      else chunks.push(chunk)
    }
    const done = () => end(null)
    const broken = () => end(new StorageError('IncompleteBody'))
    const end = (error: StorageError | null) => {
      clearTimeout(timer)
      req.off('data', take).off('end', done).off('close', broken).off('error', broken)
      if (error === null) resolve(Buffer.concat(chunks))
      else reject(error)
    }
    req.on('data', take).on('end', done).on('close', broken).on('error', broken)
  })
}
