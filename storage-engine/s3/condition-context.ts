import type { TLSSocket } from 'node:tls'
import type { ConditionContext } from '#storage-engine/auth/policy-condition.ts'
import { principalContext } from '#storage-engine/auth/principal-context.ts'
import { HEADER_KEYS } from '#storage-engine/auth/s3-condition-keys.ts'
import type { Headers } from '#storage-engine/auth/wire-request.ts'
import type { Tag } from '#storage-engine/object-settings.ts'
import type { AccessTarget, AskedRequest, Facts, Unread } from '#storage-engine/s3/asked-request.ts'
import { parseCopySource } from '#storage-engine/s3/copy-source-header.ts'
import { parseTaggingHeader } from '#storage-engine/s3/tagging-header.ts'

const DAY_MS = 86_400_000
const LIST_PARAMETERS: ReadonlySet<string> = new Set(['s3:prefix', 's3:delimiter', 's3:max-keys'])
const LOCK_HEADERS: ReadonlyMap<string, string> = new Map([
  ['s3:object-lock-mode', 'x-amz-object-lock-mode'],
  ['s3:object-lock-legal-hold', 'x-amz-object-lock-legal-hold'],
  ['s3:object-lock-retain-until-date', 'x-amz-object-lock-retain-until-date'],
])
/** Of tags, retention and legal hold, which come in a header or in a document. */
const BODY_KEYS = /^s3:(?:requestobjecttag|object-lock-)/
const WRITES = /^s3:(?:Put|Create|Replicate)/
/** Operations by `s3:PutObject` after which there is no new object yet. */
const PIECES: ReadonlySet<string> = new Set(['CreateMultipartUpload', 'UploadPart', 'UploadPartCopy'])
const LISTS = /^s3:ListBucket/

/** Of one action on one target. `facts` are what only the operation knows of its request, by key in lower case. */
export interface ConditionInput {
  asked: AskedRequest
  action: string
  target: AccessTarget | null
  /** Is the target the request's own? Its headers and parameters say nothing about another, such as a copy's source. */
  isOwnTarget: boolean
  facts: Facts | Unread | null
}

/**
 * The condition keys of S3, read off the request when a policy asks for one. Each key is spelled here: no header becomes
 * one by its name alone. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-policy-keys
 */
export class S3ConditionContext implements ConditionContext {
  private readonly input: ConditionInput
  private principal: Map<string, readonly string[]> | null = null

  constructor(input: ConditionInput) {
    this.input = input
  }

  get(key: string): readonly string[] | undefined {
    if (this.isOpen(key)) return undefined
    const facts = this.input.facts === 'unread' ? null : this.input.facts
    // What a document says counts alone: a header beside it must not speak for it.
    if (facts !== null && BODY_KEYS.test(key)) return facts.get(key)
    const found = facts?.get(key) ?? this.globalValues(key) ?? this.resourceValues(key) ?? this.requestValues(key)
    if (found !== undefined) return found
    this.principal ??= principalContext(this.input.asked.principal)
    return this.principal.get(key)
  }

  isOpen(key: string): boolean {
    return this.input.facts === 'unread' && BODY_KEYS.test(key)
  }

  private globalValues(key: string): readonly string[] | undefined {
    const { req, headers, now, region, sourceIp } = this.input.asked
    switch (key) {
      case 'aws:sourceip':
        return [sourceIp]
      case 'aws:securetransport':
        return ['true']
      case 'aws:useragent':
        return headerValue(headers, 'user-agent')
      case 'aws:referer':
        return headerValue(headers, 'referer')
      case 'aws:currenttime':
        return [new Date(now()).toISOString()]
      case 'aws:epochtime':
        return [String(Math.floor(now() / 1000))]
      case 'aws:requestedregion':
        return [region]
      case 's3:tlsversion':
        return [((req.socket as TLSSocket).getProtocol?.() ?? '').replace(/^TLSv/, '')]
      default:
        return this.signatureValues(key)
    }
  }

  private signatureValues(key: string): readonly string[] | undefined {
    const { authentication, now } = this.input.asked
    if (authentication.kind === 'anonymous') return undefined
    const { kind, signedAt } = authentication
    const isV4 = kind.includes('sigv4')
    switch (key) {
      case 's3:signatureversion':
        return [isV4 ? 'AWS4-HMAC-SHA256' : 'AWS']
      case 's3:authtype':
        return [kind.startsWith('post') ? 'POST' : kind.endsWith('query') ? 'REST-QUERY-STRING' : 'REST-HEADER']
      case 's3:signatureage':
        return [isV4 && signedAt !== null ? String(Math.max(0, now() - signedAt)) : '0']
      default:
        return undefined
    }
  }

  private resourceValues(key: string): readonly string[] | undefined {
    const { target } = this.input
    if (target === null) return undefined
    const { bucket, object } = target
    if (key === 's3:resourceaccount' || key === 'aws:resourceaccount') return [bucket.namespaceName]
    const tags = object?.settings?.tags
    return (
      tagValues(key, 's3:existingobjecttag/', tags) ??
      tagValues(key, target.key === null ? 'aws:resourcetag/' : 's3:buckettag/', bucket.settings.tags) ??
      tagValues(key, 's3:buckettag/', bucket.settings.tags)
    )
  }

  private requestValues(key: string): readonly string[] | undefined {
    const { isOwnTarget, action, asked } = this.input
    if (!isOwnTarget) return undefined
    const { headers, query, operation } = asked
    if (key === 's3:versionid') return parameterValue(query.values.get('versionId'))
    if (key === 's3:x-amz-content-sha256') return this.payloadHash()
    if (key === 's3:objectcreationoperation') {
      return action === 's3:PutObject' ? [String(!PIECES.has(operation))] : undefined
    }
    if (key === 's3:if-match' || key === 's3:if-none-match') return headerValue(headers, key.slice('s3:'.length))
    if (LIST_PARAMETERS.has(key)) {
      return LISTS.test(action) ? parameterValue(query.values.get(key.slice('s3:'.length))) : undefined
    }
    return WRITES.test(action) ? this.writeValues(key) : undefined
  }

  /** A presigned URL says nothing of the body, which means that it is not signed. */
  private payloadHash(): readonly string[] | undefined {
    const { headers, authentication } = this.input.asked
    const said = headerValue(headers, 'x-amz-content-sha256')
    return said === undefined && authentication.kind === 'sigv4-query' ? ['UNSIGNED-PAYLOAD'] : said
  }

  private writeValues(key: string): readonly string[] | undefined {
    const { headers, now } = this.input.asked
    const name = key.slice('s3:'.length)
    if (HEADER_KEYS.has(name)) return headerValue(headers, name)
    const lockHeader = LOCK_HEADERS.get(key)
    if (lockHeader !== undefined) return headerValue(headers, lockHeader)
    if (key === 's3:object-lock-remaining-retention-days') {
      return remainingDays(headers.get('x-amz-object-lock-retain-until-date'), now())
    }
    if (key === 's3:x-amz-copy-source') return copySourceValue(headers)
    if (!key.startsWith('s3:requestobjecttag')) return undefined
    const tags = parseTaggingHeader(headers.get('x-amz-tagging') ?? '') ?? []
    return requestTagValues(key, tags)
  }
}

/** Values of `s3:RequestObjectTag/<key>` and `s3:RequestObjectTagKeys`. */
function requestTagValues(key: string, tags: readonly Tag[]): readonly string[] | undefined {
  if (key === 's3:requestobjecttagkeys') return tags.length === 0 ? undefined : tags.map(([name]) => name)
  return tagValues(key, 's3:requestobjecttag/', tags)
}

/** Keys of conditions have no case, so tags whose keys differ in nothing else are values of one. */
function tagValues(key: string, prefix: string, tags: readonly Tag[] | undefined): readonly string[] | undefined {
  if (tags === undefined || !key.startsWith(prefix)) return undefined
  const name = key.slice(prefix.length)
  const values = tags.filter(([own]) => own.toLowerCase() === name).map(([, value]) => value)
  return values.length === 0 ? undefined : values
}

/** Headers hold one character a byte; policies are text. */
function headerValue(headers: Headers, name: string): readonly string[] | undefined {
  const value = headers.get(name)
  return value === undefined ? undefined : [Buffer.from(value, 'latin1').toString('utf8')]
}

function parameterValue(value: string | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value]
}

/** `bucket/key`, decoded, so that no way of writing it slips through. */
function copySourceValue(headers: Headers): readonly string[] | undefined {
  const header = headers.get('x-amz-copy-source')
  if (header === undefined) return undefined
  const { bucketName, key } = parseCopySource(header)
  return [`${bucketName}/${key}`]
}

function remainingDays(until: string | undefined, now: number): readonly string[] | undefined {
  const time = until === undefined ? Number.NaN : Date.parse(until)
  return Number.isNaN(time) ? undefined : [String(Math.ceil((time - now) / DAY_MS))]
}

/** The condition keys of a retention that came in a document. `now` in milliseconds since the epoch. */
export function retentionFacts(retention: { mode: string; retainUntil: string } | null, now: number): Facts {
  if (retention === null) return new Map()
  const { mode, retainUntil } = retention
  return new Map([
    ['s3:object-lock-mode', [mode]],
    ['s3:object-lock-retain-until-date', [retainUntil]],
    ['s3:object-lock-remaining-retention-days', remainingDays(retainUntil, now) ?? []],
  ])
}
