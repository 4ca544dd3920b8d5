import type { IncomingMessage } from 'node:http'
import { StorageError } from '#storage-engine/errors.ts'

export const CRC32C_HEADER = 'x-sceau-checksum-crc32c'
/** Four bytes in base64. */
const CRC32C_PATTERN = /^[A-Za-z0-9+/]{6}==$/

/** The CRC32C that the browser computed of the body it sends; null when it sent none. Throws InvalidRequest. */
export function readClaimedChecksum(request: IncomingMessage): { algorithm: 'CRC32C'; value: string } | null {
  const value = request.headers[CRC32C_HEADER]
  if (value === undefined) return null
  if (typeof value !== 'string' || !CRC32C_PATTERN.test(value)) {
    throw new StorageError('InvalidRequest', { message: `Value for ${CRC32C_HEADER} header is invalid.` })
  }
  return { algorithm: 'CRC32C', value }
}
