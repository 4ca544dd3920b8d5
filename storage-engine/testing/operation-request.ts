import type { OperationSelector, PermittedOperation } from '#storage-engine/s3/operation.ts'
import { OPERATIONS } from '#storage-engine/s3/operation-table.ts'
import { formBody } from '#storage-engine/testing/post-form.ts'
import type { RawRequest } from '#storage-engine/testing/signed-request.ts'

export type ServedOperation = PermittedOperation

/** Every row of the operation table that does something for a caller who is known. */
export const SERVED_OPERATIONS = OPERATIONS.filter(
  (row): row is ServedOperation => row.needs !== 'not-implemented' && row.needs !== 'preflight',
)

/**
 * A request that selects the row, with a body where a method has one that no operation takes for its own, so that an
 * answer other than a refusal betrays whoever reads it. Copies have `/<bucket>/key` for their source.
 */
export function requestForRow(row: OperationSelector, bucket: string): RawRequest {
  const path = row.on === 'service' ? '/' : row.on === 'bucket' ? `/${bucket}` : `/${bucket}/key`
  const query = (row.query ?? [])
    .map((name) => (name.includes('=') ? name : `${name}=1`))
    .sort()
    .join('&')
  if (row.name === 'PostObject') {
    const { body, contentType } = formBody({ key: 'key' }, 'forged')
    return { method: 'POST', target: path, headers: { 'content-type': contentType }, body }
  }
  const headers: Record<string, string> = row.header === undefined ? {} : { [row.header]: `/${bucket}/key` }
  const body = row.method === 'PUT' || row.method === 'POST' ? 'forged' : ''
  return { method: row.method, target: query === '' ? path : `${path}?${query}`, headers, body }
}
