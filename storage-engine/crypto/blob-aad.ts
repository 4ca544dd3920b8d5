/** Says what the bytes of a blob are for and where they belong, so that sealed bytes open at no other place. */
export interface BlobPlace {
  /** UUIDs. */
  clusterId: string
  namespaceId: string
  bucketId: string
  versionId: string
  blobId: string
  /** 0 for a single body. */
  partNumber: number
  /** One byte; the kinds are listed in docs/formats/blob.md. */
  kind: number
}

const MAGIC = Buffer.from('sceau-dare/v1\0')
const UUID_BYTES = 16
const UUID_CHARACTERS = 36
const DASHES_AT = [8, 13, 18, 23]
/** Where the digits of each byte begin. */
const DIGITS_AT = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34]
/** By character code; -1 for what is no hexadecimal digit. */
const DIGIT_OF = Int8Array.from({ length: 128 }, (_, code) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase()),
)
const AAD_BYTES = MAGIC.length + 5 * UUID_BYTES + 4 + 1

const BUCKET_END = MAGIC.length + 3 * UUID_BYTES

/** One write follows another into the same bucket: what begins all their associated data is here. */
const lastBucket = { clusterId: '', namespaceId: '', bucketId: '', start: Buffer.alloc(BUCKET_END) }

/** The associated data of a sealed blob, byte for byte as docs/formats/blob.md has it. It may never change. */
export function blobAad(place: BlobPlace): Buffer {
  const aad = Buffer.allocUnsafe(AAD_BYTES)
  startOf(place).copy(aad)
  writeUuid(aad, place.versionId, BUCKET_END)
  writeUuid(aad, place.blobId, BUCKET_END + UUID_BYTES)
  aad.writeUInt32BE(place.partNumber, AAD_BYTES - 5)
  aad.writeUInt8(place.kind, AAD_BYTES - 1)
  return aad
}

function startOf({ clusterId, namespaceId, bucketId }: BlobPlace): Buffer {
  const { start } = lastBucket
  if (
    lastBucket.bucketId !== bucketId ||
    lastBucket.namespaceId !== namespaceId ||
    lastBucket.clusterId !== clusterId
  ) {
    // Not before all of them are written: a wrong one throws.
    lastBucket.bucketId = ''
    MAGIC.copy(start)
    writeUuids(start, [clusterId, namespaceId, bucketId], MAGIC.length)
    Object.assign(lastBucket, { clusterId, namespaceId, bucketId })
  }
  return start
}

/**
 * Writes UUIDs, 16 bytes each, one behind the other. Throws RangeError when one is none, since a wrong id must never be
 * bound silently.
 */
export function writeUuids(target: Buffer, uuids: readonly string[], offset: number): void {
  let at = offset
  for (const uuid of uuids) {
    writeUuid(target, uuid, at)
    at += UUID_BYTES
  }
}

/** Digit by digit: half the time of taking the dashes out and converting the rest. */
function writeUuid(target: Buffer, uuid: string, offset: number): void {
  let isValid = uuid.length === UUID_CHARACTERS
  for (const at of DASHES_AT) isValid &&= uuid[at] === '-'
  for (let index = 0; index < UUID_BYTES; index++) {
    const at = DIGITS_AT[index] as number
    const high = DIGIT_OF[uuid.charCodeAt(at)] ?? -1
    const low = DIGIT_OF[uuid.charCodeAt(at + 1)] ?? -1
    isValid &&= high >= 0 && low >= 0
    target[offset + index] = (high << 4) | low
  }
  if (!isValid) throw new RangeError(`Not a UUID: ${uuid}`)
}
