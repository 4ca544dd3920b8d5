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
const AAD_BYTES = MAGIC.length + 5 * UUID_BYTES + 4 + 1

/** The associated data of a sealed blob, byte for byte as docs/formats/blob.md has it. It may never change. */
export function blobAad(place: BlobPlace): Buffer {
  const aad = Buffer.allocUnsafe(AAD_BYTES)
  MAGIC.copy(aad)
  writeUuids(aad, [place.clusterId, place.namespaceId, place.bucketId, place.versionId, place.blobId], MAGIC.length)
  aad.writeUInt32BE(place.partNumber, AAD_BYTES - 5)
  aad.writeUInt8(place.kind, AAD_BYTES - 1)
  return aad
}

/**
 * Writes UUIDs, 16 bytes each, one behind the other. Throws RangeError when one is none, since a wrong id must never be
 * bound silently. They are joined first: one conversion for all of them costs a third of one for each.
 */
export function writeUuids(target: Buffer, uuids: readonly string[], offset: number): void {
  let joined = ''
  for (const uuid of uuids) {
    if (!isUuidShaped(uuid)) throw new RangeError(`Not a UUID: ${uuid}`)
    joined += uuid
  }
  const hex = joined.replaceAll('-', '')
  const size = uuids.length * UUID_BYTES
  if (hex.length !== size * 2 || target.write(hex, offset, 'hex') !== size) {
    throw new RangeError(`Not UUIDs: ${uuids.join(' ')}`)
  }
}

function isUuidShaped(text: string): boolean {
  return text.length === UUID_CHARACTERS && DASHES_AT.every((at) => text[at] === '-')
}
