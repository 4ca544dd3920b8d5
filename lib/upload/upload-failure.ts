import { type ApiFailure, ApiRequestError } from '#lib/fetch-json.ts'
import { KEY_BYTES_MAX } from '#lib/schemas/objects.ts'
import { UnreadableFileError } from '#lib/upload/checksum.ts'
import { OBJECT_BYTES_MAX } from '#lib/upload/part-plan.ts'

export interface UploadFailure extends ApiFailure {
  /** Set when the browser, not the server, refused. */
  reason?: 'unreadable' | 'keyTooLong' | 'tooLarge'
}

/** Why a file can never be stored, said before a byte of it is sent; null when it can. */
export function refusalOf(key: string, file: Blob): UploadFailure | null {
  if (new TextEncoder().encode(key).length > KEY_BYTES_MAX) return local('keyTooLong', 'KeyTooLongError')
  return file.size > OBJECT_BYTES_MAX ? local('tooLarge', 'EntityTooLarge') : null
}

/** What to show for whatever a sending attempt threw. */
export function uploadFailureOf(error: unknown): UploadFailure {
  if (error instanceof ApiRequestError) return error.failure
  if (error instanceof UnreadableFileError) return local('unreadable', 'UnreadableFile')
  return { status: 0, code: 'UnexpectedAnswer', message: String(error), requestId: null }
}

function local(reason: NonNullable<UploadFailure['reason']>, code: string): UploadFailure {
  return { status: 0, code, message: code, requestId: null, reason }
}
