import type { Headers } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import { findPart, type StoredPart } from '#storage-engine/metadata/parts.ts'
import { PART_COUNT_MAX } from '#storage-engine/objects/complete-upload.ts'
import type { ByteRange } from '#storage-engine/s3/byte-range.ts'
import { checksumHeader } from '#storage-engine/s3/checksum-headers.ts'
import { checksumHeaders } from '#storage-engine/s3/object-response.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'

export interface PartRange {
  /** Null: the part is the whole, empty object. */
  range: ByteRange | null
  headers: string[]
}

/**
 * The bytes that `partNumber` of a GET or HEAD asks for; null without that parameter. An object that was not uploaded in
 * parts has one, number 1. Throws InvalidArgument, InvalidPart, and InvalidRequest together with a Range.
 */
export async function findPartRange({ engine, object, query, headers }: ObjectRequest): Promise<PartRange | null> {
  const text = query.values.get('partNumber')
  if (text === undefined) return null
  if (headers.has('range')) {
    throw new StorageError('InvalidRequest', {
      message: 'Cannot specify both Range header and partNumber query parameter',
    })
  }
  const partNumber = parsePartNumber(text)
  if (object.uploadId === null) {
    if (partNumber !== 1) throw noSuchPart(partNumber, 1)
    return {
      range: object.size === 0 ? null : { start: 0, end: object.size - 1 },
      headers: checksumHeaders(object, headers),
    }
  }
  const partCount = object.partCount ?? 0
  const part = await findPart(engine.db, { uploadId: object.uploadId, partNumber })
  if (part === null || part.offset === null) throw noSuchPart(partNumber, partCount)
  const range = part.size === 0 ? null : { start: part.offset, end: part.offset + part.size - 1 }
  return { range, headers: ['x-amz-mp-parts-count', String(partCount), ...partChecksum(part, object, headers)] }
}

/** The part's own checksum, when the client asks for one: it holds for the bytes that follow. */
function partChecksum({ checksums }: StoredPart, { checksum }: ObjectVersion, headers: Headers): string[] {
  const value = checksum === null ? undefined : checksums?.[checksum.algorithm]
  if (checksum === null || value === undefined || headers.get('x-amz-checksum-mode')?.toUpperCase() !== 'ENABLED')
    return []
  return [checksumHeader(checksum.algorithm), value, 'x-amz-checksum-type', checksum.type]
}

/** 1 to 10,000. Throws InvalidArgument. */
export function parsePartNumber(text: string | undefined): number {
  const partNumber = text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (partNumber >= 1 && partNumber <= PART_COUNT_MAX) return partNumber
  throw new StorageError('InvalidArgument', {
    message: `Part number must be an integer between 1 and ${PART_COUNT_MAX}, inclusive`,
    extra: { ArgumentName: 'partNumber', ArgumentValue: text ?? '' },
  })
}

function noSuchPart(partNumber: number, partCount: number): StorageError {
  return new StorageError('InvalidPart', {
    message: 'The requested part number is not one of the object.',
    extra: { PartNumberRequested: String(partNumber), ActualPartCount: String(partCount) },
  })
}
