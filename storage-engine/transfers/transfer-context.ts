import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Actor } from '#storage-engine/accounts/actor.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import type { EventOrigin } from '#storage-engine/objects/object-event.ts'
import type { TransferTarget } from '#storage-engine/transfers/transfer-target.ts'

/** What a transfer is given once it is known who asks, and that they may. */
export interface TransferContext {
  request: IncomingMessage
  response: ServerResponse
  target: TransferTarget
  /** The numbered groups of the row's pattern: upload id, part number. */
  matched: string[]
  actor: Actor
  bucket: Bucket
  /** What the key holds now; null when nothing. */
  object: ObjectVersion | null
}

/** `If-None-Match: *` is the only precondition of a write through the console. Throws InvalidRequest for others. */
export function preconditionOf(request: IncomingMessage): { ifNoneMatch: '*' } | null {
  const header = request.headers['if-none-match']
  if (header === undefined && request.headers['if-match'] === undefined) return null
  if (header !== '*') throw new StorageError('InvalidRequest', { message: 'Only If-None-Match: * is understood here.' })
  return { ifNoneMatch: '*' }
}

/** Who changes an object, for those whom its bucket notifies. */
export function originOf({ actor }: TransferContext): EventOrigin {
  return { principalId: `AWS:${actor.userId}`, sourceIp: actor.address, requestId: actor.requestId }
}

/** The type that a browser gives its file; S3's default when it knows none. */
export function contentTypeOf(value: string | undefined): string {
  return value === undefined || value === '' ? 'binary/octet-stream' : value.slice(0, 255)
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  const text = Buffer.from(JSON.stringify(body))
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': text.length,
    'cache-control': 'no-store',
  })
  response.end(text)
}
