import type { ApiError } from '#lib/schemas/api-error.ts'
import { getConsoleHost } from '#lib/server/engine.ts'
import type { StorageError, StorageErrorCode } from '#storage-engine/errors.ts'

/** A refusal of the JSON routes themselves, before the service is asked; codes are of the engine's catalogue. */
export class RouteError extends Error {
  override readonly name = 'RouteError'
  readonly code: StorageErrorCode
  readonly status: number
  /** What is wrong, by dotted path of the input. */
  readonly fields: Record<string, string> | undefined

  constructor(code: StorageErrorCode, status: number, message: string, fields?: Record<string, string>) {
    super(message)
    this.code = code
    this.status = status
    this.fields = fields
  }
}

/** The only place where an error becomes a JSON answer. What is not in the catalogue is logged and answered 500. */
export function renderError(error: unknown, requestId: string): Response {
  if (error instanceof RouteError || isStorageError(error)) {
    const { code, message, status } = error
    if (status >= 500) getConsoleHost().log.error({ err: error, requestId }, 'request failed')
    return answer(status, { error: { code, message, requestId, ...moreOf(error) } })
  }
  getConsoleHost().log.error({ err: error, requestId }, 'request failed')
  return answer(500, {
    error: { code: 'InternalError', message: 'We encountered an internal error. Please try again.', requestId },
  })
}

function moreOf(error: RouteError | StorageError): Pick<ApiError['error'], 'fields' | 'notice'> {
  if (error instanceof RouteError) return error.fields === undefined ? {} : { fields: error.fields }
  return error.notice === null ? {} : { notice: error.notice }
}

/** By name: the engine's class lives outside Next's bundle, so `instanceof` would never hold. */
function isStorageError(error: unknown): error is StorageError {
  return error instanceof Error && error.name === 'StorageError' && 'code' in error && 'status' in error
}

function answer(status: number, body: ApiError): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store' } })
}
