import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type AuthenticateDependencies,
  type Authentication,
  authenticate,
  authenticateForm,
} from '#storage-engine/auth/authenticate.ts'
import { clientAddressOf } from '#storage-engine/auth/client-address.ts'
import { readHeaders } from '#storage-engine/auth/request-headers.ts'
import { splitRequestTarget } from '#storage-engine/auth/request-target.ts'
import type { Headers, Query } from '#storage-engine/auth/wire-request.ts'
import type { Body } from '#storage-engine/body.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { openBody } from '#storage-engine/s3/body-reader.ts'
import { type Asked, findTargetBucket, findTargetObject, meetBucket } from '#storage-engine/s3/find-target.ts'
import { headersOfForm } from '#storage-engine/s3/form-headers.ts'
import type { Gateway } from '#storage-engine/s3/gateway.ts'
import { withKeepAlive } from '#storage-engine/s3/keep-alive.ts'
import type { Operation, OperationSelector, PermittedOperation } from '#storage-engine/s3/operation.ts'
import { findOperation } from '#storage-engine/s3/operation-table.ts'
import { keyOfForm } from '#storage-engine/s3/operations/post-object.ts'
import { openForm } from '#storage-engine/s3/post-form.ts'
import { headersWithHoisted } from '#storage-engine/s3/presigned-headers.ts'
import { RequestAccess } from '#storage-engine/s3/request-access.ts'
import { RequestLog } from '#storage-engine/s3/request-log.ts'
import { contextOf, identityHeaders, logError, respond, respondWithError } from '#storage-engine/s3/respond.ts'
import type { ServiceRequest } from '#storage-engine/s3/s3-request.ts'
import type { S3Response } from '#storage-engine/s3/s3-response.ts'
import { isSystemKey, systemOperationOf } from '#storage-engine/s3/system-objects.ts'
import { hostPrefix, locateByPath, locateTarget, type Target } from '#storage-engine/s3/target.ts'

/** One request and where its answer goes. */
export interface Exchange {
  gateway: Gateway
  req: IncomingMessage
  res: ServerResponse
  requestId: string
  /** Milliseconds since the epoch. */
  receivedAt: number
  /** The client sends its body only when told to, and has not been told. */
  awaitsContinue: boolean
  /** What is known of the request so far; null until it is read. */
  headers: Headers | null
  target: Target | null
  query: Query | null
  operation: OperationSelector | null
  sourceIp: string | null
  /** Null until it is found, and for good when there is none. */
  bucket: Bucket | null
  log: RequestLog
}

interface Parsed<Row = Exclude<Operation, { needs: 'not-implemented' }>> {
  method: string
  rawPath: string
  query: Query
  headers: Headers
  hostBucket: string | null
  target: Target
  operation: Row
  /** The client's address, as far as listed proxies can be believed. */
  sourceIp: string
}

export function openExchange(
  gateway: Gateway,
  { req, res, awaitsContinue }: Pick<Exchange, 'req' | 'res' | 'awaitsContinue'>,
): Exchange {
  const exchange: Omit<Exchange, 'log'> = {
    gateway,
    req,
    res,
    requestId: gateway.newRequestId(),
    receivedAt: gateway.now(),
    awaitsContinue,
    headers: null,
    target: null,
    query: null,
    operation: null,
    sourceIp: null,
    bucket: null,
  }
  return Object.assign(exchange, { log: new RequestLog(exchange) })
}

/**
 * Answers one request: parse → row of the operation table → authenticate → look up → authorize → run → respond.
 * Never rejects: whatever goes wrong becomes an S3 error, or the end of the connection once the status is out.
 */
export async function handle(exchange: Exchange): Promise<void> {
  try {
    const parsed = await parse(exchange)
    const response = await answer(exchange, parsed)
    if (response !== null) await respond(exchange, response)
  } catch (error) {
    if (exchange.bucket === null) await findBucketOfError(exchange, error)
    respondWithError(exchange, error)
  }
}

/** Null when the answer is out already. */
async function answer(exchange: Exchange, parsed: Parsed): Promise<S3Response | null> {
  const { gateway } = exchange
  const { operation, target, headers } = parsed
  if (operation.needs === 'preflight')
    return operation.run({ engine: gateway.engine, target, headers, log: exchange.log })
  const authentication = await authenticate(dependenciesFor(gateway, operation), parsed)
  noteKeyUse(gateway, authentication)
  return runLong(exchange, operation, permitAndRun(exchange, parsed as Parsed<PermittedOperation>, authentication))
}

function noteKeyUse({ keyUses }: Gateway, authentication: Authentication): void {
  if (authentication.kind === 'anonymous' || authentication.sessionToken !== null) return
  keyUses.note(authentication.accessKeyId, 's3')
}

/** A bucket's look-up says when IAM has changed; without a bucket the caller's rights are read anew. */
function dependenciesFor(gateway: Gateway, { needs }: Operation): AuthenticateDependencies {
  if (needs !== 'service' && needs !== 'bucket-name') return gateway
  return { now: gateway.now, findCredential: gateway.refreshCredential }
}

async function parse(exchange: Exchange): Promise<Parsed> {
  const { gateway, req } = exchange
  const method = req.method ?? ''
  if (req.httpVersionMajor !== 1) throw new StorageError('InvalidRequest', { message: 'Only HTTP/1.1 is spoken here.' })
  const headers = readHeaders(req.rawHeaders)
  const host = headers.get('host') ?? ''
  const { rawPath, query } = splitRequestTarget(req.url ?? '', host)
  const prefix = hostPrefix(host, gateway.engine.config)
  const target =
    prefix === null ? locateByPath(rawPath, null) : await locateTarget(rawPath, prefix, gateway.isNamespace)
  const sourceIp = clientAddressOf(req.socket.remoteAddress ?? '', headers, gateway.trustedProxies)
  exchange.headers = headers
  exchange.target = target
  exchange.query = query
  exchange.sourceIp = sourceIp
  const on = target.key !== null ? 'object' : target.bucket !== null ? 'bucket' : 'service'
  const selected = findOperation({ method, on, query, headers })
  if (selected === null) {
    throw new StorageError('MethodNotAllowed', { extra: { Method: method, ResourceType: on.toUpperCase() } })
  }
  exchange.operation = selected
  const isSystem =
    target.key?.startsWith('.') === true && isSystemKey(target.key) && gateway.engine.config.sosapi === 'on'
  const operation = isSystem ? systemOperationOf(selected, method) : selected
  if (operation.needs === 'not-implemented') {
    throw new StorageError('NotImplemented', { extra: { Operation: operation.name } })
  }
  const hostBucket = prefix === null || prefix === target.namespace ? null : target.bucket
  return { method, rawPath, query, headers, hostBucket, target, operation, sourceIp }
}

/** Authorization comes from the row, never from inside an operation, so that none can forget it. */
async function permitAndRun(
  exchange: Exchange,
  parsed: Parsed<PermittedOperation>,
  authentication: Authentication,
): Promise<S3Response> {
  const { operation, target } = parsed
  if (operation.needs === 'form') return runForm(exchange, { ...parsed, operation }, authentication)
  const asked = askedOf(exchange, parsed, authentication)
  const { action } = asked
  if (operation.needs === 'service' || operation.needs === 'bucket-name') {
    const access = new RequestAccess(asked, null)
    access.check(action)
    const request = openRequest(exchange, { parsed, asked, authentication, access })
    if (operation.needs === 'service') return operation.run(request)
    return operation.run({ ...request, bucketName: target.bucket as string })
  }
  if (operation.needs === 'object') {
    const { access, ...found } = await findTargetObject(exchange, asked)
    return operation.run({ ...openRequest(exchange, { parsed, asked, authentication, access }), ...found })
  }
  const { access, bucket } = await findTargetBucket(exchange, asked)
  const request = { ...openRequest(exchange, { parsed, asked, authentication, access }), bucket }
  if (operation.needs === 'bucket') return operation.run(request)
  return operation.run({ ...request, key: target.key as string })
}

/** A form says in its body who sent it and what it writes where, so it is read as far as its file before it is authorized. */
async function runForm(
  exchange: Exchange,
  parsed: Parsed<Extract<Operation, { needs: 'form' }>>,
  sender: Authentication,
): Promise<S3Response> {
  const { gateway } = exchange
  if (sender.payload.framing !== 'identity') {
    throw new StorageError('InvalidRequest', { message: 'A form cannot be sent in chunks of aws-chunked.' })
  }
  const form = await openForm(parsed.headers, openRequestBody(exchange, parsed, sender))
  try {
    const key = keyOfForm(form)
    if (isSystemKey(key) && gateway.engine.config.sosapi === 'on') throw new StorageError('MethodNotAllowed')
    const fields = new Map(form.fields).set('key', key).set('bucket', parsed.target.bucket as string)
    const { authentication, fileSize } = await authenticateForm(gateway, { sender, fields })
    noteKeyUse(gateway, authentication)
    const headers = headersOfForm(parsed.headers, form.fields)
    const asked = askedOf(exchange, { ...parsed, headers, target: { ...parsed.target, key } }, authentication)
    const { access, bucket } = await findTargetBucket(exchange, asked)
    const body = form.openFile(fileSize)
    const request = openRequest(exchange, { parsed, asked, authentication, access, body })
    return await parsed.operation.run({ ...request, bucket, key, fields })
  } catch (error) {
    form.abandon()
    throw error
  }
}

/** What a presigner moved into the query counts before authorization too, as conditions may depend on it. */
function askedOf(
  { gateway, req }: Exchange,
  parsed: Parsed<PermittedOperation>,
  authentication: Authentication,
): Asked {
  const { operation, target, headers, query } = parsed
  const isPresigned = authentication.kind === 'sigv4-query' || authentication.kind === 'sigv2-query'
  const effective = isPresigned ? headersWithHoisted(headers, query) : headers
  const { action } = operation
  return {
    query,
    headers: effective,
    target,
    bucketName: target.bucket,
    authentication,
    principal: authentication.principal,
    operation: operation.name,
    action: typeof action === 'string' ? action : action({ query, headers: effective }),
    passes: operation.passes ?? null,
    req,
    sourceIp: parsed.sourceIp,
    region: gateway.engine.config.region,
    now: gateway.now,
  }
}

/** What an operation sees of a request whose caller may make it. */
export function openRequest(
  exchange: Exchange,
  input: {
    parsed: Pick<Parsed, 'method' | 'query' | 'headers'>
    asked: Asked
    authentication: Authentication
    access: RequestAccess
    body?: Body
  },
): ServiceRequest {
  const { gateway, requestId } = exchange
  const { parsed, asked, authentication, access } = input
  return {
    engine: gateway.engine,
    owners: gateway.owners,
    log: exchange.log,
    requestId,
    method: parsed.method,
    query: parsed.query,
    headers: asked.headers,
    principal: access.principal,
    access,
    ownerId: access.writerId,
    sourceIp: asked.sourceIp,
    isSigned: authentication.kind !== 'anonymous',
    body: input.body ?? openRequestBody(exchange, parsed, authentication),
  }
}

function openRequestBody(
  exchange: Exchange,
  { headers }: Pick<Parsed, 'headers'>,
  authentication: Authentication,
): Body {
  const { req, gateway } = exchange
  const onFirstRead = () => sendContinue(exchange)
  return openBody({ req, headers, authentication, stallWatch: gateway.stallWatch, onFirstRead })
}

function sendContinue(exchange: Exchange): void {
  if (!exchange.awaitsContinue) return
  exchange.awaitsContinue = false
  exchange.res.writeContinue()
}

function runLong(
  exchange: Exchange,
  operation: PermittedOperation,
  work: Promise<S3Response>,
): Promise<S3Response | null> {
  if (operation.isLong !== true) return work
  return withKeepAlive(exchange.res, {
    work,
    headers: () => {
      exchange.log.setResponded()
      return identityHeaders(exchange)
    },
    context: contextOf(exchange),
    intervalMs: exchange.gateway.whiteSpaceIntervalMs,
    onError: (error) => {
      exchange.log.setError(error)
      logError(exchange, error)
    },
    onEnd: (text) => exchange.log.addBytesSent(Buffer.byteLength(text)),
  })
}

/**
 * For an error that came before the bucket was found, such as a wrong signature: its rules may let a page of another origin
 * read the error, and its log shall tell of it. One look-up, shared as all of them. Never rejects.
 */
async function findBucketOfError(exchange: Exchange, error: unknown): Promise<void> {
  const { gateway, req, target } = exchange
  if (!(error instanceof StorageError) || error.code === 'NoSuchBucket') return
  // Where the database is away, to ask it once more only keeps the client waiting.
  if (error.status >= 500 && error.code !== 'NotImplemented') return
  // A preflight that is refused allows nothing.
  if (req.method === 'OPTIONS' || target === null || target.bucket === null) return
  try {
    const bucket = await findBucket(gateway.engine.db, { name: target.bucket })
    if (bucket === null || (target.namespace ?? bucket.namespaceName) !== bucket.namespaceName) return
    meetBucket(exchange, bucket)
  } catch {
    // The error that is on its way to the client matters more than this one.
  }
}
