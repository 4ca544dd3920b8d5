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
const AAD_BYTES = MAGIC.length + 5 * UUID_BYTES + 4 + 1

/** The associated data of a sealed blob, byte for byte as docs/formats/blob.md has it. It may never change. */
export function blobAad(place: BlobPlace): Buffer {
  const aad = Buffer.allocUnsafe(AAD_BYTES)
  let offset = MAGIC.copy(aad)
  for (const id of [place.clusterId, place.namespaceId, place.bucketId, place.versionId, place.blobId]) {
    writeUuid(aad, id, offset)
    offset += UUID_BYTES
  }
  aad.writeUInt32BE(place.partNumber, offset)
  aad.writeUInt8(place.kind, offset + 4)
  return aad
}

/** Writes the 16 bytes of a UUID. Throws RangeError when it is none, since a wrong id must never be bound silently. */
export function writeUuid(target: Buffer, uuid: string, offset: number): void {
  const hex = uuid.replaceAll('-', '')
  if (uuid.length !== 36 || hex.length !== 32 || target.write(hex, offset, 'hex') !== UUID_BYTES) {
    throw new RangeError(`Not a UUID: ${uuid}`)
  }
}
