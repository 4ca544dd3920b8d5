import { decodePercent, encodePercent } from '#storage-engine/auth/percent-encoding.ts'
import type { SignatureClaim } from '#storage-engine/auth/signature-claim.ts'
import type { WireRequest } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'

const CANONICAL_PATH = /^[A-Za-z0-9\-._~/]*$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: the class names what is ASCII
export const ASCII = /^[\x00-\x7f]*$/

/**
 * The byte strings that a client may have signed for this request, likeliest first. Usually one; two when the path can be
 * spelled otherwise (some clients sign `%28` and send `(`), twice that when a header holds bytes above 127: botocore
 * signs UTF-8 and sends Latin-1, Go signs the bytes that it sends.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function* canonicalRequests(
  request: WireRequest,
  claim: SignatureClaim,
  payloadHash: string,
): Generator<string | Buffer> {
  const query = canonicalQuery(request, claim)
  const headers = canonicalHeaders(request, claim)
  const rest = `${query}\n${headers}\n${claim.signedHeaders.join(';')}\n${payloadHash}`
  for (const path of canonicalPaths(request.rawPath)) {
    const text = `${request.method}\n${path}\n${rest}`
    if (ASCII.test(text)) {
      yield text
    } else {
      yield Buffer.from(text, 'latin1')
      yield Buffer.from(text, 'utf8')
    }
  }
}

/** The spellings of a path that a client may have signed. S3 encodes a path once, where other services do so twice. */
export function canonicalPaths(rawPath: string): string[] {
  if (CANONICAL_PATH.test(rawPath)) return [rawPath]
  const spelled = decodePercent(rawPath).split('/').map(encodePercent).join('/')
  return spelled === rawPath ? [rawPath] : [rawPath, spelled]
}

function canonicalQuery({ query }: WireRequest, { place }: SignatureClaim): string {
  const { pairs } = query
  if (pairs.length === 0) return ''
  return pairs
    .filter(([name]) => place === 'header' || name !== 'X-Amz-Signature')
    .map(([name, value]) => [encodePercent(name), encodePercent(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Also refuses a signature that leaves out the host or an x-amz-* header: such a header could be added by anybody. */
function canonicalHeaders({ headers }: WireRequest, { signedHeaders }: SignatureClaim): string {
  for (const name of headers.keys()) {
    const mustBeSigned = name === 'host' || name.startsWith('x-amz-')
    if (mustBeSigned && !signedHeaders.includes(name)) throw unsignedHeaders(headers, signedHeaders)
  }
  let text = ''
  for (const name of signedHeaders) text += `${name}:${foldSpaces(headers.get(name) ?? '')}\n`
  return text
}

function foldSpaces(value: string): string {
  return value.includes('  ') ? value.replace(/ +/g, ' ') : value
}

function unsignedHeaders(headers: WireRequest['headers'], signedHeaders: string[]): StorageError {
  const missing = [...headers.keys()]
    .filter((name) => name === 'host' || name.startsWith('x-amz-'))
    .filter((name) => !signedHeaders.includes(name))
  return new StorageError('AccessDenied', {
    message: 'There were headers present in the request which were not signed',
    extra: { HeadersNotSigned: missing.join(', ') },
  })
}
