import { StorageError } from '#storage-engine/errors.ts'
import { type WholeResponse, XML_TYPE } from '#storage-engine/s3/s3-response.ts'
import { element, XML_DECLARATION } from '#storage-engine/xml-text.ts'

export interface ErrorContext {
  method: string
  /** The request's raw path. */
  resource: string
  requestId: string
  hostId: string
}

/** Renders an error as S3 does. The only place where an error becomes bytes, so nothing but a StorageError is told apart. */
export function errorResponse(error: unknown, context: ErrorContext): WholeResponse {
  const known = error instanceof StorageError ? error : new StorageError('InternalError', { cause: error })
  const headers = Object.entries(known.headers).flat()
  if (known.status === 304) return { status: 304, headers, body: null }
  headers.push('Content-Type', XML_TYPE)
  if (context.method === 'HEAD') return { status: known.status, headers, body: null }
  return { status: known.status, headers, body: XML_DECLARATION + errorXml(known, context) }
}

/** The `<Error>` element without a declaration: also the tail of an answer whose 200 is on its way already. */
export function errorXml(error: StorageError, context: Omit<ErrorContext, 'method'>): string {
  const extra = Object.entries(error.extra).map(([name, value]) => element(name, value))
  const fields = [
    element('Code', error.code),
    element('Message', error.message),
    ...extra,
    element('Resource', context.resource),
    element('RequestId', context.requestId),
    element('HostId', context.hostId),
  ]
  return `<Error>${fields.join('')}</Error>`
}
