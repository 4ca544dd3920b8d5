import { parseAmzDate } from '#storage-engine/auth/request-time.ts'
import type { WireRequest } from '#storage-engine/auth/wire-request.ts'
import { StorageError, type StorageErrorCode } from '#storage-engine/errors.ts'

export const ALGORITHM = 'AWS4-HMAC-SHA256'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
export const EXPIRES_SECONDS_MAX = 604_800

const CREDENTIAL_LENGTH_MAX = 512
const SIGNED_HEADERS_MAX = 200
const SIGNATURE = /^[0-9a-f]{64}$/
const SIGNATURE_CHARACTERS = 64
const NUMBER = /^\d{1,9}$/

/** What a signature is for; it is good for nothing else. */
export type Service = 's3' | 'iam' | 'sts'

/** What a request says of its own signature. Nothing of it is believed before `authenticate` has verified it. */
export interface SignatureClaim {
  version: 4
  place: 'header' | 'query'
  accessKeyId: string
  /** `yyyymmdd`. */
  day: string
  /** Any region is accepted, also an empty one. */
  region: string
  service: Service
  signedHeaders: string[]
  signature: string
  /** As written: `20130524T000000Z`. */
  date: string
  /** Milliseconds since the epoch. */
  time: number
  /** Of a presigned URL; null otherwise. */
  expiresSeconds: number | null
}

/** Reads an `Authorization: AWS4-HMAC-SHA256 …` header. Throws AuthorizationHeaderMalformed and AccessDenied. */
export function claimFromHeader(request: WireRequest, authorization: string): SignatureClaim {
  const { credential, signedHeaders, signature } = readAuthorization(authorization)
  const { date, time } = dateOf(request)
  if (!date.startsWith(credential.day)) {
    throw malformed(
      `The authorization header is malformed; Invalid credential date "${credential.day}". This date is not the same as X-Amz-Date: "${date.slice(0, 8)}".`,
    )
  }
  // Each by its name: what stands behind a spread is defined at run time, and every request comes by here.
  const { accessKeyId, day, region, service } = credential
  return {
    version: 4,
    place: 'header',
    accessKeyId,
    day,
    region,
    service,
    signedHeaders,
    signature,
    date,
    time,
    expiresSeconds: null,
  }
}

interface Signer {
  credential: ReturnType<typeof parseCredential>
  signedHeaders: string[]
}

const SIGNERS_KEPT_MAX = 1_000
/** What stands before the signature: the same for all requests that a client signs on one day. */
const keptSigners = new Map<string, Signer>()

function readAuthorization(authorization: string): Signer & { signature: string } {
  const at = authorization.length - SIGNATURE_CHARACTERS
  const head = authorization.slice(0, at)
  const kept = keptSigners.get(head)
  const last = authorization.slice(at)
  if (kept !== undefined && SIGNATURE.test(last)) {
    return { credential: kept.credential, signedHeaders: kept.signedHeaders, signature: last }
  }
  const fields = parseFields(authorization.slice(ALGORITHM.length))
  const credential = parseCredential(fields.credential, 'AuthorizationHeaderMalformed')
  const signedHeaders = parseSignedHeaders(fields.signedHeaders, 'AuthorizationHeaderMalformed')
  const { signature } = fields
  if (!SIGNATURE.test(signature)) throw malformed('The authorization header is malformed; the Signature is not valid.')
  if (keptSigners.size >= SIGNERS_KEPT_MAX) keptSigners.clear()
  if (head.endsWith('Signature=')) keptSigners.set(head, { credential, signedHeaders })
  return { credential, signedHeaders, signature }
}

/** Reads the X-Amz-* parameters of a presigned URL. Throws AuthorizationQueryParametersError. */
export function claimFromQuery(request: WireRequest): SignatureClaim {
  const { query } = request
  const names = new Set<string>()
  for (const [name] of query.pairs) {
    if (name.startsWith('X-Amz-') && names.has(name)) throw wrongQuery(`${name} must not be given more than once`)
    names.add(name)
  }
  const get = (name: string) => {
    const value = query.values.get(name)
    if (value === undefined)
      throw wrongQuery(
        'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
      )
    return value
  }
  if (get('X-Amz-Algorithm') !== ALGORITHM) throw wrongQuery(`X-Amz-Algorithm only supports "${ALGORITHM}"`)
  const credential = parseCredential(get('X-Amz-Credential'), 'AuthorizationQueryParametersError')
  const signedHeaders = parseSignedHeaders(get('X-Amz-SignedHeaders'), 'AuthorizationQueryParametersError')
  const signature = get('X-Amz-Signature')
  if (!SIGNATURE.test(signature)) throw wrongQuery('X-Amz-Signature is not valid')
  const date = get('X-Amz-Date')
  const time = parseAmzDate(date)
  if (time === null) throw wrongQuery("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
  if (!date.startsWith(credential.day)) {
    throw wrongQuery(
      `Invalid credential date "${credential.day}". This date is not the same as X-Amz-Date: "${date.slice(0, 8)}".`,
    )
  }
  return {
    version: 4,
    place: 'query',
    ...credential,
    signedHeaders,
    signature,
    date,
    time,
    expiresSeconds: parseExpires(get('X-Amz-Expires')),
  }
}

function parseFields(text: string): { credential: string; signedHeaders: string; signature: string } {
  const fields = new Map<string, string>()
  for (const field of text.split(',')) {
    const trimmed = field.trim()
    const at = trimmed.indexOf('=')
    const name = trimmed.slice(0, at)
    if (at < 1 || fields.has(name)) throw malformed(undefined)
    fields.set(name, trimmed.slice(at + 1))
  }
  const credential = fields.get('Credential')
  const signedHeaders = fields.get('SignedHeaders')
  const signature = fields.get('Signature')
  if (credential === undefined || signedHeaders === undefined || signature === undefined || fields.size !== 3) {
    throw malformed('The authorization header is malformed; it must hold Credential, SignedHeaders and Signature.')
  }
  return { credential, signedHeaders, signature }
}

/** `<access key id>/<yyyymmdd>/<region>/<service>/aws4_request`; the id itself may hold slashes. */
export function parseCredential(text: string, code: StorageErrorCode) {
  const fields = text.length > CREDENTIAL_LENGTH_MAX ? [] : text.split('/')
  const [day, region, service, terminator] = fields.slice(-4)
  const accessKeyId = fields.slice(0, -4).join('/')
  const isComplete = accessKeyId !== '' && day !== undefined && region !== undefined && /^\d{8}$/.test(day)
  if (!isComplete || !isService(service) || terminator !== 'aws4_request') {
    throw new StorageError(code, {
      message: 'The Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/s3/aws4_request".',
    })
  }
  return { accessKeyId, day, region, service }
}

function isService(text: string | undefined): text is Service {
  return text === 's3' || text === 'iam' || text === 'sts'
}

function parseSignedHeaders(text: string, code: StorageErrorCode): string[] {
  const names = text.split(';')
  const isValid =
    names.length <= SIGNED_HEADERS_MAX && names.every((name) => name !== '' && name === name.toLowerCase())
  if (!isValid) throw new StorageError(code, { message: 'The SignedHeaders are not valid.' })
  return names
}

function parseExpires(text: string): number {
  if (!/^-?\d+$/.test(text)) throw wrongQuery('X-Amz-Expires should be a number')
  if (text.startsWith('-')) throw outOfRange('X-Amz-Expires must be non-negative')
  const seconds = NUMBER.test(text) ? Number(text) : Number.POSITIVE_INFINITY
  if (seconds > EXPIRES_SECONDS_MAX) {
    throw outOfRange(
      `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${EXPIRES_SECONDS_MAX} seconds`,
    )
  }
  return seconds
}

/** Refused like an expired one, with 403: ceph/s3-tests asserts it. (AWS itself answers 400 with the same message.) */
function outOfRange(message: string): StorageError {
  return new StorageError('AccessDenied', { message })
}

/** `x-amz-date`, or `Date` in the ISO or the RFC 1123 form when the client sent only that. */
function dateOf({ headers }: WireRequest): { date: string; time: number } {
  const date = headers.get('x-amz-date') ?? headers.get('date')
  const time = date === undefined ? null : parseAmzDate(date)
  if (date !== undefined && time !== null) return { date, time }
  const fallback = headers.has('x-amz-date') ? Number.NaN : Date.parse(headers.get('date') ?? '')
  if (Number.isNaN(fallback)) {
    throw new StorageError('AccessDenied', { message: 'AWS authentication requires a valid Date or x-amz-date header' })
  }
  return { date: new Date(fallback).toISOString().replace(/[-:]|\.\d{3}/g, ''), time: fallback }
}

function malformed(message: string | undefined): StorageError {
  return new StorageError('AuthorizationHeaderMalformed', message === undefined ? {} : { message })
}

function wrongQuery(message: string): StorageError {
  return new StorageError('AuthorizationQueryParametersError', { message })
}
