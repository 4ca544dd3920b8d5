import { createCipheriv, createDecipheriv, KeyObject, timingSafeEqual } from 'node:crypto'
import { hkdfExpand, hkdfExpandInto } from '#storage-engine/crypto/hkdf.ts'
import { fillRandom } from '#storage-engine/crypto/random-pool.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import { giveBack } from '#storage-engine/given-memory.ts'

/**
 * FLOE, a random-access AEAD: AES-256-GCM segments under keys from HKDF-Expand-SHA-384, as published in
 * https://github.com/Snowflake-Labs/floe-specification (ePrint 2025/2275). Our profile is `docs/formats/blob.md`.
 * The constants below describe bytes on disk: they may never change.
 */
const FLOE_IV_BYTES = 32
const PARAMETER_BYTES = 10
const HEADER_TAG_BYTES = 32
const MESSAGE_KEY_BYTES = 48
const AEAD_KEY_BYTES = 32
const LENGTH_BYTES = 4
const NONCE_BYTES = 12
const TAG_BYTES = 16
export const SEGMENT_HEAD_BYTES = LENGTH_BYTES + NONCE_BYTES
const SEGMENT_OVERHEAD_BYTES = SEGMENT_HEAD_BYTES + TAG_BYTES
const NOT_LAST = 0xffffffff

const HEADER_TAG_AT = PARAMETER_BYTES + FLOE_IV_BYTES
export const FLOE_HEADER_BYTES = HEADER_TAG_AT + HEADER_TAG_BYTES
export const SEALED_SEGMENT_BYTES = 65568
export const PLAIN_SEGMENT_BYTES = SEALED_SEGMENT_BYTES - SEGMENT_OVERHEAD_BYTES

const ALGORITHM = 'aes-256-gcm'
const CIPHER_OPTIONS = { authTagLength: TAG_BYTES }
const HEADER_TAG_PURPOSE = Buffer.from('HEADER_TAG:')
const MESSAGE_KEY_PURPOSE = Buffer.from('MESSAGE_KEY:')
const SEGMENT_KEY_PURPOSE = Buffer.from('DEK:')

export interface FloeParameters {
  /** ENC_SEG_LEN: bytes of a full sealed segment. */
  sealedSegmentBytes: number
  /** A new segment key after every 2^rotationMask segments. */
  rotationMask: number
  /** Most segments in a message, the last one included. */
  segmentCountMax: number
}

const SCEAU_PARAMETERS: FloeParameters = {
  sealedSegmentBytes: SEALED_SEGMENT_BYTES,
  rotationMask: 20,
  segmentCountMax: 2 ** 40,
}

/** How every message begins that is sealed here: 10 bytes, which say its parameters. */
export const FLOE_PARAMETERS = encodeParameters(SCEAU_PARAMETERS, PARAMETER_BYTES)

export interface FloeSealer {
  /** 74 bytes that go in front of the segments. */
  readonly header: Buffer
  /**
   * Begins the next segment, of `size` bytes. Every segment but the last must be full (65,536 bytes); the last may be empty,
   * and exactly one must be last. Anything else throws RangeError.
   */
  startSegment(size: number, isLast: boolean): SegmentCipher
  /** The same for a segment that is at hand, in pieces: its own pieces, which belong one behind the other. */
  sealSegment(plain: readonly Uint8Array[], isLast: boolean): Buffer[]
}

/** One segment while it is sealed: `head`, what each `update` returns, and `end` belong one behind the other. */
export interface SegmentCipher {
  readonly head: Buffer
  /** Seals as many bytes as it is given, into memory of their own. */
  update(plain: Uint8Array): Buffer
  /** The same where they lie. */
  updateInPlace(bytes: Buffer): void
  /** The tag. Throws RangeError unless exactly the announced bytes came. */
  end(): Buffer
}

export interface FloeOpener {
  /**
   * Opens the segment at `index`, in any order. The caller says whether it is the last one, from authenticated metadata
   * and never from a file's size. Throws SealBrokenError unless it is exactly that segment of exactly that message.
   */
  openSegment(index: number, sealed: Uint8Array, isLast: boolean): Buffer
}

/** Bytes of a whole sealed message, header included, for a plaintext of `plainSize` bytes. */
export function sealedSizeOf(plainSize: number): number {
  const segmentCount = Math.max(1, Math.ceil(plainSize / PLAIN_SEGMENT_BYTES))
  return FLOE_HEADER_BYTES + plainSize + segmentCount * SEGMENT_OVERHEAD_BYTES
}

/** Starts a message. `key`: 32 bytes; `aad`: bound to every byte, not stored. */
export function createSealer(input: {
  key: KeyObject | Buffer
  aad: Uint8Array
  parameters?: FloeParameters
}): FloeSealer {
  const parameters = input.parameters ?? SCEAU_PARAMETERS
  const plainSegmentBytes = parameters.sealedSegmentBytes - SEGMENT_OVERHEAD_BYTES
  const prefix = encodeParameters(parameters, FLOE_HEADER_BYTES)
  fillRandom(prefix, PARAMETER_BYTES, FLOE_IV_BYTES)
  const message = startMessage({ ...input, header: prefix, headerTag: prefix.subarray(HEADER_TAG_AT), parameters })
  let index = 0
  let isClosed = false

  function startSegment(size: number, isLast: boolean): SegmentCipher {
    if (isClosed) throw new RangeError('The last segment of this message is sealed already.')
    if (isLast ? size > plainSegmentBytes : size !== plainSegmentBytes) {
      throw new RangeError(`A segment of ${size} bytes, where ${plainSegmentBytes} are a full one.`)
    }
    if (!isLast && index >= parameters.segmentCountMax - 1) throw new RangeError('This message has too many segments.')
    isClosed = isLast
    return message.seal(index++, size, isLast)
  }

  function sealSegment(plain: readonly Uint8Array[], isLast: boolean): Buffer[] {
    const segment = startSegment(sizeOf(plain), isLast)
    const sealed = [segment.head]
    for (const piece of plain) sealed.push(segment.update(piece))
    sealed.push(segment.end())
    return sealed
  }

  return { header: prefix, startSegment, sealSegment }
}

/** Opens a message by its header. Throws SealBrokenError when key, aad, parameters or header are not the sealer's. */
export function createOpener(input: {
  key: KeyObject | Buffer
  aad: Uint8Array
  header: Uint8Array
  parameters?: FloeParameters
}): FloeOpener {
  const parameters = input.parameters ?? SCEAU_PARAMETERS
  const header = asBuffer(input.header)
  const expected = encodeParameters(parameters, PARAMETER_BYTES)
  if (header.length !== FLOE_HEADER_BYTES) throw new SealBrokenError('A sealed header of the wrong size.')
  if (!header.subarray(0, PARAMETER_BYTES).equals(expected))
    throw new SealBrokenError('A sealed header of another kind.')
  const message = startMessage({ ...input, header, headerTag: expectedTag, parameters })
  if (!timingSafeEqual(expectedTag, header.subarray(HEADER_TAG_AT))) {
    throw new SealBrokenError('The sealed header does not belong to this key and place.')
  }
  return { openSegment: message.open }
}

interface SealWholeInput {
  key: KeyObject | Buffer
  aad: Uint8Array
  plain: Uint8Array
}

/** Seals a small body, at most a few segments, into one buffer: header and all segments. */
export function sealWhole(input: SealWholeInput): Buffer {
  return Buffer.concat(sealPieces(input), sealedSizeOf(input.plain.length))
}

/** The same as pieces that belong one behind the other, of `sealedSizeOf` bytes together. */
export function sealPieces(input: SealWholeInput): Buffer[] {
  if (input.plain.length <= PLAIN_SEGMENT_BYTES) return sealOneSegment(input)
  const sealer = createSealer(input)
  const pieces = [sealer.header]
  let offset = 0
  for (; input.plain.length - offset > PLAIN_SEGMENT_BYTES; offset += PLAIN_SEGMENT_BYTES) {
    pieces.push(...sealer.sealSegment([input.plain.subarray(offset, offset + PLAIN_SEGMENT_BYTES)], false))
  }
  pieces.push(...sealer.sealSegment([input.plain.subarray(offset)], true))
  return pieces
}

/** Keys and tags are here while one message is begun, and nothing else runs until that is done: memory for all of them. */
const expectedTag = Buffer.alloc(HEADER_TAG_BYTES)
const onlyMessageKey = Buffer.alloc(MESSAGE_KEY_BYTES)
const onlySegmentKey = Buffer.alloc(AEAD_KEY_BYTES)
const aadOfSegment = Buffer.alloc(9)
const nonceOfSegment = Buffer.alloc(NONCE_BYTES)
const tagOfSegment = Buffer.alloc(TAG_BYTES)
const FIRST_SEGMENT = bigEndian64(0)

/** A message of a single segment, which most objects are: the same bytes, without what longer ones need in between. */
function sealOneSegment({ key, aad, plain }: SealWholeInput): Buffer[] {
  const head = Buffer.allocUnsafeSlow(FLOE_HEADER_BYTES + SEGMENT_HEAD_BYTES)
  FLOE_PARAMETERS.copy(head)
  fillRandom(head, PARAMETER_BYTES, FLOE_IV_BYTES)
  head.writeUInt32BE(plain.length + SEGMENT_OVERHEAD_BYTES, FLOE_HEADER_BYTES)
  fillRandom(head, FLOE_HEADER_BYTES + LENGTH_BYTES, NONCE_BYTES)
  const parametersAndIv = head.subarray(0, HEADER_TAG_AT)
  const secret = key instanceof KeyObject ? key.export() : key
  const headerTag = head.subarray(HEADER_TAG_AT, FLOE_HEADER_BYTES)
  hkdfExpandInto(headerTag, secret, [parametersAndIv, HEADER_TAG_PURPOSE, aad])
  hkdfExpandInto(onlyMessageKey, secret, [parametersAndIv, MESSAGE_KEY_PURPOSE, aad])
  hkdfExpandInto(onlySegmentKey, onlyMessageKey, [parametersAndIv, SEGMENT_KEY_PURPOSE, FIRST_SEGMENT, aad])
  const nonce = head.subarray(FLOE_HEADER_BYTES + LENGTH_BYTES)
  const cipher = createCipheriv(ALGORITHM, onlySegmentKey, nonce, CIPHER_OPTIONS)
  cipher.setAAD(segmentAad(0, true))
  const sealed = cipher.update(plain)
  cipher.final()
  return [head, sealed, cipher.getAuthTag()]
}

interface Message {
  seal(index: number, size: number, isLast: boolean): SegmentCipher
  open(index: number, sealed: Uint8Array, isLast: boolean): Buffer
}

/**
 * `header` starts with parameters and IV; `headerTag` is filled with the tag that belongs to them. The keys of a message
 * exist only inside the closures made here.
 */
function startMessage(input: {
  key: KeyObject | Buffer
  aad: Uint8Array
  header: Buffer
  headerTag: Buffer
  parameters: FloeParameters
}): Message {
  const { key, aad, parameters } = input
  const parametersAndIv = input.header.subarray(0, HEADER_TAG_AT)
  const secret = key instanceof KeyObject ? key.export() : key
  hkdfExpandInto(input.headerTag, secret, [parametersAndIv, HEADER_TAG_PURPOSE, aad])
  const messageKey = hkdfExpand(secret, [parametersAndIv, MESSAGE_KEY_PURPOSE, aad], MESSAGE_KEY_BYTES)
  const segmentsPerKey = 2 ** parameters.rotationMask
  let segmentKey: Buffer | undefined
  let keyIndex = -1

  function segmentKeyOf(index: number): Buffer {
    const firstIndex = index - (index % segmentsPerKey)
    if (segmentKey === undefined || keyIndex !== firstIndex) {
      const info = [parametersAndIv, SEGMENT_KEY_PURPOSE, bigEndian64(firstIndex), aad]
      segmentKey = hkdfExpand(messageKey, info, AEAD_KEY_BYTES)
      keyIndex = firstIndex
    }
    return segmentKey
  }

  function seal(index: number, size: number, isLast: boolean): SegmentCipher {
    const head = Buffer.allocUnsafe(SEGMENT_HEAD_BYTES)
    head.writeUInt32BE(isLast ? size + SEGMENT_OVERHEAD_BYTES : NOT_LAST, 0)
    fillRandom(head, LENGTH_BYTES, NONCE_BYTES)
    const cipher = createCipheriv(ALGORITHM, segmentKeyOf(index), head.subarray(LENGTH_BYTES), CIPHER_OPTIONS)
    cipher.setAAD(segmentAad(index, isLast))
    let rest = size
    return {
      head,
      update(plain) {
        rest -= plain.length
        return cipher.update(plain)
      },
      updateInPlace(bytes) {
        rest -= bytes.length
        const sealed = cipher.update(bytes)
        bytes.set(sealed)
        giveBack(sealed)
      },
      end() {
        if (rest !== 0) throw new RangeError(`A segment of ${size} bytes got ${size - rest}.`)
        cipher.final()
        return cipher.getAuthTag()
      },
    }
  }

  function open(index: number, sealed: Uint8Array, isLast: boolean): Buffer {
    const segment = asBuffer(sealed)
    checkSegmentFrame(segment, index, isLast, parameters)
    const tagAt = segment.length - TAG_BYTES
    const nonce = copied(segment, LENGTH_BYTES, nonceOfSegment)
    const decipher = createDecipheriv(ALGORITHM, segmentKeyOf(index), nonce, CIPHER_OPTIONS)
    decipher.setAAD(segmentAad(index, isLast))
    decipher.setAuthTag(copied(segment, tagAt, tagOfSegment))
    const plain = decipher.update(segment.subarray(SEGMENT_HEAD_BYTES, tagAt))
    try {
      decipher.final()
    } catch (cause) {
      throw new SealBrokenError('A sealed segment does not verify.', { cause })
    }
    return plain
  }

  return { seal, open }
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  let size = 0
  for (const piece of pieces) size += piece.length
  return size
}

function checkSegmentFrame(segment: Buffer, index: number, isLast: boolean, parameters: FloeParameters): void {
  if (!Number.isSafeInteger(index) || index < 0 || index >= parameters.segmentCountMax) {
    throw new RangeError(`No message has a segment ${index}.`)
  }
  const sizeIsRight = isLast
    ? segment.length >= SEGMENT_OVERHEAD_BYTES && segment.length <= parameters.sealedSegmentBytes
    : segment.length === parameters.sealedSegmentBytes
  if (!sizeIsRight || segment.readUInt32BE(0) !== (isLast ? segment.length : NOT_LAST)) {
    throw new SealBrokenError('A sealed segment has the wrong size.')
  }
}

/** PARAM_ENCODE at the start of a buffer of `size` bytes: AEAD 0 (AES-256-GCM), KDF 0, segment length, IV length. */
function encodeParameters(parameters: FloeParameters, size: number): Buffer {
  const encoded = Buffer.allocUnsafe(size)
  encoded.writeUInt16BE(0, 0)
  encoded.writeUInt32BE(parameters.sealedSegmentBytes, 2)
  encoded.writeUInt32BE(FLOE_IV_BYTES, 6)
  return encoded
}

/** Good until the next call: a cipher takes it in at once. */
function segmentAad(index: number, isLast: boolean): Buffer {
  aadOfSegment.writeUInt32BE(Math.floor(index / 2 ** 32), 0)
  aadOfSegment.writeUInt32BE(index % 2 ** 32, 4)
  aadOfSegment[8] = isLast ? 1 : 0
  return aadOfSegment
}

/** A few bytes, as many as `target` has, for a cipher to take in at once: cheaper than a view of them. */
function copied(source: Buffer, at: number, target: Buffer): Buffer {
  for (let index = 0; index < target.length; index++) target[index] = source[at + index] as number
  return target
}

function bigEndian64(value: number): Buffer {
  const encoded = Buffer.allocUnsafe(8)
  encoded.writeUInt32BE(Math.floor(value / 2 ** 32), 0)
  encoded.writeUInt32BE(value % 2 ** 32, 4)
  return encoded
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
