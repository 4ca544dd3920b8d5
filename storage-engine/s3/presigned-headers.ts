import type { Headers, Query } from '#storage-engine/auth/wire-request.ts'
import { CHECKSUM_ALGORITHMS } from '#storage-engine/body.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { checksumHeader } from '#storage-engine/s3/checksum-headers.ts'

/** Those of the signature itself, and the checksum of the empty body that a presigner saw: S3 looks at neither. */
const IGNORED: ReadonlySet<string> = new Set([
  'x-amz-algorithm',
  ...CHECKSUM_ALGORITHMS.map(checksumHeader),
  'x-amz-content-sha256',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
])

/**
 * The headers of a presigned request together with the x-amz-* headers that its signer moved ("hoisted") into the query,
 * where S3 honours them as well. Throws InvalidRequest when one stands at both places with different values, and
 * InvalidArgument for a value that no header may hold.
 */
export function headersWithHoisted(headers: Headers, query: Query): Headers {
  let merged: Map<string, string> | null = null
  for (const [parameter, value] of query.pairs) {
    const name = parameter.toLowerCase()
    if (!name.startsWith('x-amz-') || IGNORED.has(name)) continue
    const bytes = Buffer.from(value, 'utf8').toString('latin1')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the classes name what a header may not hold
    if (!/^[a-z0-9-]+$/.test(name) || /[\x00-\x08\x0a-\x1f\x7f]/.test(bytes)) {
      throw new StorageError('InvalidArgument', { extra: { ArgumentName: parameter, ArgumentValue: value } })
    }
    merged ??= new Map(headers)
    if ((merged.get(name) ?? bytes) !== bytes) {
      throw new StorageError('InvalidRequest', { message: `${name} is given twice, with different values.` })
    }
    merged.set(name, bytes)
  }
  return merged ?? headers
}
