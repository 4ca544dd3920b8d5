import { createHmac } from 'node:crypto'
import { ASCII, canonicalPaths } from '#storage-engine/auth/canonical-request.ts'
import type { Credential } from '#storage-engine/auth/credential.ts'
import { equalSignatures } from '#storage-engine/auth/signature.ts'
import type { SigV2Claim } from '#storage-engine/auth/sigv2-claim.ts'
import type { WireRequest } from '#storage-engine/auth/wire-request.ts'

/**
 * The query parameters that version 2 signs; it leaves out all others. Those that AWS lists, those that botocore adds, and
 * whatever else selects an operation here, so that nobody turns a signed request into another by adding a parameter.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#ConstructingTheCanonicalizedResourceElement
 */
export const SIGV2_PARAMETERS: ReadonlySet<string> = new Set([
  'abac',
  'accelerate',
  'acl',
  'analytics',
  'attributes',
  'cors',
  'defaultObjectAcl',
  'delete',
  'encryption',
  'intelligent-tiering',
  'inventory',
  'legal-hold',
  'lifecycle',
  'location',
  'logging',
  'metadataConfiguration',
  'metadataInventoryTable',
  'metadataJournalTable',
  'metadataTable',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'partNumber',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'renameObject',
  'replication',
  'requestPayment',
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
  'restore',
  'retention',
  'select',
  'select-type',
  'session',
  'storageClass',
  'tagging',
  'torrent',
  'uploadId',
  'uploads',
  'versionId',
  'versioning',
  'versions',
  'website',
])

/** True when the claim's signature is the one that the credential's secret gives for this request. */
export function isSigV2Valid(request: WireRequest, claim: SigV2Claim, { secret }: Credential): boolean {
  for (const text of stringsToSign(request, claim)) {
    if (equalSignatures(createHmac('sha1', secret).update(text).digest('base64'), claim.signature)) return true
  }
  return false
}

/** The byte strings that a client may have signed for this request: spellings of one and the same meaning, likeliest first. */
function* stringsToSign(request: WireRequest, claim: SigV2Claim): Generator<Buffer> {
  if (isAmbiguous(request, claim)) return
  const { method, headers } = request
  const positional = [method, headers.get('content-md5') ?? '', headers.get('content-type') ?? '', claim.dateLine]
  const start = `${positional.join('\n')}\n${canonicalAmzHeaders(request, claim)}`
  // botocore signs UTF-8 and sends Latin-1.
  const starts = ASCII.test(start) ? [latin1(start)] : [latin1(start), Buffer.from(start, 'utf8')]
  for (const bytes of starts) {
    for (const resource of canonicalResources(request)) yield Buffer.concat([bytes, latin1(resource)])
  }
}

/**
 * Values are signed decoded, so one could hold what reads like another signed line or parameter, and so hide it from us.
 * No honest client has such a value.
 */
function isAmbiguous({ query }: WireRequest, { place }: SigV2Claim): boolean {
  return query.pairs.some(([name, value]) => {
    if (SIGV2_PARAMETERS.has(name)) return namesOf(value).some((inner) => SIGV2_PARAMETERS.has(inner))
    if (place === 'header' || !name.toLowerCase().startsWith('x-amz-')) return false
    return !/^[\w-]+$/.test(name) || /[\r\n]/.test(value)
  })
}

/** The parameters in `x&acl&versionId=1`: acl and versionId. */
function namesOf(value: string): string[] {
  if (!value.includes('&')) return []
  return value
    .split('&')
    .slice(1)
    .map((field) => field.replace(/=.*/s, ''))
}

/** Headers that a presigner moved into the query are signed as headers, so none can be added there afterwards. */
function canonicalAmzHeaders({ headers, query }: WireRequest, { place }: SigV2Claim): string {
  const amzHeaders = new Map<string, string>()
  for (const [parameter, value] of place === 'query' ? query.pairs : [])
    amzHeaders.set(parameter.toLowerCase(), utf8(value))
  for (const [name, value] of headers) amzHeaders.set(name, value)
  const names = [...amzHeaders.keys()].filter((name) => name.startsWith('x-amz-')).sort()
  return names.map((name) => `${name}:${amzHeaders.get(name)}\n`).join('')
}

function canonicalResources(request: WireRequest): string[] {
  const queries = canonicalQueries(request)
  return resourcePaths(request).flatMap((path) => queries.map((query) => path + query))
}

function resourcePaths({ rawPath, hostBucket }: WireRequest): string[] {
  const paths = canonicalPaths(rawPath)
  if (hostBucket !== null) return paths.map((path) => `/${hostBucket}${path}`)
  // botocore signs a slash behind the bucket, which it does not send.
  return /^\/[^/]+$/.test(rawPath) ? [...paths, ...paths.map((path) => `${path}/`)] : paths
}

/** Both spellings of a parameter without a value: `?acl` and `?acl=`. */
function canonicalQueries({ query }: WireRequest): string[] {
  const pairs = query.pairs
    .filter(([name]) => SIGV2_PARAMETERS.has(name))
    .sort(([nameA], [nameB]) => (nameA < nameB ? -1 : nameA > nameB ? 1 : 0))
  if (pairs.length === 0) return ['']
  const spell = (empty: string) =>
    `?${pairs.map(([name, value]) => (value === '' ? name + empty : `${name}=${utf8(value)}`)).join('&')}`
  return pairs.some(([, value]) => value === '') ? [spell(''), spell('=')] : [spell('')]
}

/** The bytes of `text` in UTF-8, one character a byte, as header values come. */
function utf8(text: string): string {
  return ASCII.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
