import type { CorsRule } from '#storage-engine/bucket-settings.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html */
export const RULES_MAX = 100
const ID_LENGTH_MAX = 255
const METHODS: ReadonlySet<string> = new Set(['GET', 'PUT', 'HEAD', 'POST', 'DELETE'])

/** Throws MalformedXML and InvalidRequest unless a bucket may have these rules. */
export function checkCorsRules(rules: readonly CorsRule[]): void {
  if (rules.length === 0 || rules.length > RULES_MAX) throw new StorageError('MalformedXML')
  for (const rule of rules) checkRule(rule)
}

function checkRule({
  id,
  allowedMethods,
  allowedOrigins,
  allowedHeaders,
  exposeHeaders,
  maxAgeSeconds,
}: CorsRule): void {
  if (allowedMethods.length === 0 || allowedOrigins.length === 0) throw new StorageError('MalformedXML')
  if (id !== undefined && id.length > ID_LENGTH_MAX) throw new StorageError('MalformedXML')
  if (maxAgeSeconds !== undefined && !Number.isSafeInteger(maxAgeSeconds)) throw new StorageError('MalformedXML')
  for (const method of allowedMethods) {
    if (METHODS.has(method)) continue
    throw invalid(`Found unsupported HTTP method in CORS config. Unsupported method is ${method}`)
  }
  for (const origin of allowedOrigins) checkPattern('AllowedOrigin', origin)
  for (const header of allowedHeaders) checkPattern('AllowedHeader', header)
  for (const header of exposeHeaders) {
    if (!header.includes('*')) continue
    throw invalid(`ExposeHeader "${header}" contains wildcard. We currently do not support wildcard for ExposeHeader.`)
  }
  const isHeaderSafe = [...allowedOrigins, ...exposeHeaders].every((value) => /^[\x21-\x7e]+$/.test(value))
  // They are sent back in headers, which no line break may end.
  if (!isHeaderSafe) throw invalid('AllowedOrigin and ExposeHeader may hold visible ASCII characters only.')
}

function checkPattern(name: string, pattern: string): void {
  if (pattern.indexOf('*') === pattern.lastIndexOf('*')) return
  throw invalid(`${name} "${pattern}" can not have more than one wildcard.`)
}

function invalid(message: string): StorageError {
  return new StorageError('InvalidRequest', { message })
}
