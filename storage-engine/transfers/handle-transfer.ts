import type { IncomingMessage, ServerResponse } from 'node:http'
import { type NamespacePermission, requirePermission } from '#storage-engine/accounts/actor.ts'
import { findActor, SESSION_COOKIE } from '#storage-engine/accounts/console-sessions.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { findObject } from '#storage-engine/metadata/object-versions.ts'
import { expectNotShredded } from '#storage-engine/objects/shredded-namespace.ts'
import { getObject } from '#storage-engine/transfers/get-object.ts'
import { putObject } from '#storage-engine/transfers/put-object.ts'
import { readCookie } from '#storage-engine/transfers/read-cookie.ts'
import { answerJson, type TransferContext } from '#storage-engine/transfers/transfer-context.ts'
import { parseTransferTarget } from '#storage-engine/transfers/transfer-target.ts'
import { deleteUpload, getUploadParts, postComplete, postUploads, putPart } from '#storage-engine/transfers/uploads.ts'

interface Transfer {
  method: string
  /** Of the target's resource. */
  pattern: RegExp
  permission: NamespacePermission
  run: (engine: Engine, context: TransferContext) => Promise<void>
}

const UPLOAD = /^uploads\/([^/]+)$/
const TRANSFERS: Transfer[] = [
  { method: 'GET', pattern: /^object$/, permission: 'object-storage_read', run: getObject },
  { method: 'HEAD', pattern: /^object$/, permission: 'object-storage_read', run: getObject },
  { method: 'PUT', pattern: /^object$/, permission: 'object-storage_write', run: putObject },
  { method: 'POST', pattern: /^uploads$/, permission: 'object-storage_write', run: postUploads },
  { method: 'GET', pattern: UPLOAD, permission: 'object-storage_write', run: getUploadParts },
  { method: 'DELETE', pattern: UPLOAD, permission: 'object-storage_write', run: deleteUpload },
  { method: 'PUT', pattern: /^uploads\/([^/]+)\/parts\/(\d{1,5})$/, permission: 'object-storage_write', run: putPart },
  { method: 'POST', pattern: /^uploads\/([^/]+)\/complete$/, permission: 'object-storage_write', run: postComplete },
]

/** How long a client that was refused may go on sending before its connection is closed. */
const REFUSED_BODY_TIMEOUT_MS = 5_000

export interface TransferRequest {
  request: IncomingMessage
  response: ServerResponse
  requestId: string
}

/**
 * The browser's data door: bytes go between the socket and the blob store without Next in the way, which buffers and even
 * truncates large bodies. That a mutation comes from the console's own pages was settled by the server before.
 */
export async function handleTransfer(engine: Engine, transfer: TransferRequest): Promise<void> {
  const { response, requestId } = transfer
  try {
    const { run, context } = await admit(engine, transfer)
    await run(engine, context)
  } catch (error) {
    if (response.headersSent || response.destroyed) {
      engine.log.warn({ err: error, requestId }, 'transfer broke off')
      response.destroy()
      return
    }
    renderError(engine, transfer, error)
  }
}

async function admit(engine: Engine, { request, response, requestId }: TransferRequest) {
  const target = parseTransferTarget(request.url ?? '')
  const token = readCookie(request.headers.cookie, SESSION_COOKIE)
  // Set by the console's server, whatever the client said.
  const { 'x-sceau-address': address } = request.headers as Record<string, string | undefined>
  const actor = token === null ? null : await findActor(engine, { token, address: address ?? null, requestId })
  if (actor === null) throw new StorageError('NotSignedIn')
  const transfer = TRANSFERS.find(({ method, pattern }) => method === request.method && pattern.test(target.resource))
  if (transfer === undefined) throw new StorageError('MethodNotAllowed')
  const { namespaceId } = requirePermission(actor, target.namespace, transfer.permission)
  const { bucket, object } = await findObject(engine.db, { bucketName: target.bucket, key: target.key })
  if (bucket === null || bucket.namespaceId !== namespaceId) throw new StorageError('NoSuchBucket')
  expectNotShredded(bucket)
  const matched = transfer.pattern.exec(target.resource)?.slice(1) ?? []
  const context: TransferContext = { request, response, target, matched, actor, bucket, object }
  return { run: transfer.run, context }
}

function renderError(engine: Engine, { request, response, requestId }: TransferRequest, error: unknown): void {
  const known = error instanceof StorageError ? error : new StorageError('InternalError', { cause: error })
  if (known.status >= 500) engine.log.error({ err: error, requestId }, 'transfer failed')
  for (const [name, value] of Object.entries(known.headers)) response.setHeader(name, value)
  if (!request.complete) dropBody(request, response)
  answerJson(response, known.status, { error: { code: known.code, message: known.message, requestId } })
}

/** Reads and drops what the client still sends for a moment, so that it gets to read the answer; then hangs up. */
function dropBody(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('connection', 'close')
  request.resume()
  const timer = setTimeout(() => request.destroy(), REFUSED_BODY_TIMEOUT_MS)
  request.once('close', () => clearTimeout(timer))
}
