import type { TLSSocket } from 'node:tls'
import type { Authentication } from '#storage-engine/auth/authenticate.ts'
import { arnOf } from '#storage-engine/auth/policy-principal.ts'
import type { Principal } from '#storage-engine/auth/principal.ts'
import { type AccessLogRecord, accessLogFields } from '#storage-engine/buckets/access-log-record.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import type { Asked } from '#storage-engine/s3/find-target.ts'
import type { Exchange } from '#storage-engine/s3/handler.ts'
import { logOperationOf } from '#storage-engine/s3/log-operation.ts'
import type { RequestAccess } from '#storage-engine/s3/request-access.ts'
import type { S3Response } from '#storage-engine/s3/s3-response.ts'

/** What a request does besides what its row says, as a record of its own: read the source of a copy, delete one of many. */
export interface LoggedAction {
  operation: string
  key: string
  versionId: string | null
  objectSize: number | null
  /** Absent: the request's own. */
  outcome?: { status: number; errorCode: string | null }
}

interface LoggedEntry {
  bucket: Bucket
  /** Null: the request itself. */
  action: LoggedAction | null
}

/** Who asked for what, as far as it came to that. */
interface Asking {
  asked: Asked
  access: RequestAccess
  object: ObjectVersion | null
}

/** What is noted of a request once a bucket has turned up whose requests are logged. */
interface Notes {
  entries: LoggedEntry[]
  asking: Asking | null
  objectSize: number | null
  peer: Pick<AccessLogRecord, 'remoteIp' | 'cipherSuite' | 'tlsVersion'>
  requestEndedAt: number | null
  respondedAt: number | null
  bytesSent: number
  errorCode: string | null
}

/**
 * What server access logs will say of one request. For a request whose buckets are not logged nothing is noted.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
 */
export class RequestLog {
  private readonly exchange: Omit<Exchange, 'log'>
  private notes: Notes | null = null

  constructor(exchange: Omit<Exchange, 'log'>) {
    this.exchange = exchange
  }

  /** The request is for this bucket. */
  add(bucket: Bucket): void {
    if (bucket.settings.logging === undefined) return
    const { entries } = this.open()
    if (!entries.some(({ action }) => action === null)) entries.push({ bucket, action: null })
  }

  /** The request does this besides. */
  addAction(bucket: Bucket, action: LoggedAction): void {
    if (bucket.settings.logging !== undefined) this.open().entries.push({ bucket, action })
  }

  setAsking(asked: Asked, access: RequestAccess, object: ObjectVersion | null): void {
    if (this.notes !== null) this.notes.asking = { asked, access, object }
  }

  /** Of the object that the request writes, in bytes. */
  setObjectSize(size: number | null): void {
    if (this.notes !== null) this.notes.objectSize = size
  }

  setError(error: unknown): void {
    if (this.notes !== null) this.notes.errorCode = error instanceof StorageError ? error.code : 'InternalError'
  }

  /** The answer begins now. */
  setResponded(): void {
    if (this.notes !== null) this.notes.respondedAt ??= this.exchange.gateway.now()
  }

  addBytesSent(count: number): void {
    if (this.notes !== null) this.notes.bytesSent += count
  }

  /** The response, whose bytes count from now on. */
  counted(response: S3Response): S3Response {
    if (this.notes === null) return response
    this.setResponded()
    const { body } = response
    if (body === null) return response
    if (typeof body === 'string' || Buffer.isBuffer(body)) {
      this.addBytesSent(Buffer.byteLength(body))
      return response
    }
    return { ...response, body: { size: body.size, chunks: countChunks(body.chunks, this) } }
  }

  private open(): Notes {
    if (this.notes !== null) return this.notes
    const { req, res, gateway, sourceIp } = this.exchange
    const socket = req.socket as TLSSocket
    const notes: Notes = {
      entries: [],
      asking: null,
      objectSize: null,
      peer: {
        remoteIp: sourceIp,
        cipherSuite: socket.getCipher?.()?.name ?? null,
        tlsVersion: socket.getProtocol?.() ?? null,
      },
      requestEndedAt: req.complete ? this.exchange.receivedAt : null,
      respondedAt: null,
      bytesSent: 0,
      errorCode: null,
    }
    if (!req.complete) {
      req.once('end', () => {
        notes.requestEndedAt = gateway.now()
      })
    }
    res.once('close', () => this.close(notes))
    this.notes = notes
    return notes
  }

  private close(notes: Notes): void {
    const { gateway, receivedAt } = this.exchange
    const common = this.commonFields(notes)
    for (const { bucket, action } of notes.entries) {
      const own = action === null ? this.ownFields(notes) : actionFields(action)
      gateway.accessLog.add(bucket, {
        receivedAt,
        fields: accessLogFields({ ...common, ...own, bucketName: bucket.name }),
      })
    }
  }

  private commonFields({ asking, peer, errorCode, requestEndedAt, respondedAt }: Notes) {
    const { req, res, requestId, gateway, receivedAt, headers } = this.exchange
    const principal = asking?.access.principal ?? null
    const authentication = asking?.asked.authentication ?? null
    return {
      ...peer,
      receivedAt,
      requester: principal === null ? null : requesterOf(principal),
      requestId,
      request: { method: req.method ?? '-', target: req.url ?? '' },
      // Nothing of an answer went out: whoever asked was gone.
      status: res.headersSent ? res.statusCode : null,
      errorCode,
      totalMs: gateway.now() - receivedAt,
      turnAroundMs: requestEndedAt === null || respondedAt === null ? null : Math.max(0, respondedAt - requestEndedAt),
      referer: headers?.get('referer') ?? null,
      userAgent: headers?.get('user-agent') ?? null,
      hostId: gateway.hostId,
      signatureVersion: signatureVersionOf(authentication),
      authType: authTypeOf(authentication),
      hostHeader: headers?.get('host') ?? null,
      isAclRequired: asking?.access.dependsOnAcl(asking.asked.action) === true,
    }
  }

  private ownFields({ asking, bytesSent, objectSize }: Notes) {
    const { req, operation, target, query } = this.exchange
    const on = target?.key == null ? 'BUCKET' : 'OBJECT'
    return {
      operation: operation === null ? `REST.${req.method}.${on}` : logOperationOf(operation),
      // Of a form the key is known when it is read, of a website's root when its index document is found.
      key: target?.key ?? asking?.asked.target.key ?? null,
      versionId: query?.values.get('versionId') ?? null,
      bytesSent,
      objectSize: objectSize ?? asking?.object?.size ?? null,
    }
  }
}

function actionFields({ outcome, ...action }: LoggedAction) {
  return { ...action, ...outcome, bytesSent: null }
}

async function* countChunks(chunks: AsyncIterator<Buffer>, log: RequestLog): AsyncGenerator<Buffer> {
  try {
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      log.addBytesSent(next.value.length)
      yield next.value
    }
  } finally {
    await chunks.return?.()
  }
}

/** A canonical id; of identities that have none, the ARN that access is decided by. */
function requesterOf(principal: Principal): string | null {
  switch (principal.kind) {
    case 'anonymous':
      return null
    case 'object-user':
      return principal.canonicalId
    case 'storage-account':
      return arnOf(principal)
    case 'role-session':
      return `arn:aws:sts::${principal.accountId}:assumed-role/${principal.roleName}/${principal.sessionName}`
  }
}

function signatureVersionOf(authentication: Authentication | null): AccessLogRecord['signatureVersion'] {
  if (authentication === null || authentication.kind === 'anonymous') return null
  return authentication.kind.includes('sigv4') ? 'SigV4' : 'SigV2'
}

function authTypeOf(authentication: Authentication | null): AccessLogRecord['authType'] {
  if (authentication === null || authentication.kind === 'anonymous') return null
  const { kind } = authentication
  return kind.startsWith('post') ? 'HtmlForm' : kind.endsWith('query') ? 'QueryString' : 'AuthHeader'
}
