import { constants } from 'node:fs'
import { dirname } from 'node:path'
import type { CreateBlobInput } from '#storage-engine/blobs/blob-store.ts'
import { alignUp } from '#storage-engine/blobs/pool/aligned-memory.ts'
import { stripePath } from '#storage-engine/blobs/pool/blob-reader.ts'
import type { StoredQueue } from '#storage-engine/blobs/pool/chunk-queue.ts'
import { isSystemError } from '#storage-engine/blobs/pool/file-system.ts'
import type { NodeContext } from '#storage-engine/blobs/pool/node-context.ts'
import {
  encodeStripeHeader,
  STRIPE_HEADER_BYTES,
  STRIPE_PAGE_BYTES,
  STRIPE_PAGE_PAYLOAD_BYTES,
  type StripeHeader,
  stripePageCrc,
} from '#storage-engine/blobs/pool/stripe-format.ts'

const FILE_ALIGNMENT = 4_096

export interface PageWrite {
  /** Aligned memory for the time of the write. */
  slot: Buffer
  payload: StoredQueue
  /** A whole number of pages, except in the last write. */
  payloadBytes: number
  /** For the header: exact, or what is known so far (`finish` then writes it again). */
  payloadBytesTotal: number
}

/** A stripe file while it is written: temporary until `finish`. */
export class StripeFile {
  readonly #node: NodeContext
  readonly #path: string
  readonly #temporaryPath: string
  readonly #header: Omit<StripeHeader, 'payloadBytes'>
  #fd: number | null = null
  #position = 0
  #pageCount = 0
  #identityCrc = 0
  #headerPayloadBytes = -1

  constructor(node: NodeContext, { blobId, owner }: CreateBlobInput) {
    this.#node = node
    this.#path = stripePath(node.path, blobId)
    this.#temporaryPath = `${this.#path}.tmp`
    this.#header = { clusterId: node.clusterId, blobId, owner, writtenAt: node.now() }
  }

  /** Moves the payload into pages in the slot; returns how many bytes of it `append` is to write. Throws what an encoder throws. */
  fillPages({ slot, payload, payloadBytes, payloadBytesTotal }: PageWrite): number {
    let filled = this.#position === 0 ? this.#fillHeader(slot, payloadBytesTotal) : 0
    for (let rest = payloadBytes; rest > 0; rest -= STRIPE_PAGE_PAYLOAD_BYTES) {
      const pageBytes = Math.min(rest, STRIPE_PAGE_PAYLOAD_BYTES)
      this.#fillPage(slot.subarray(filled, filled + STRIPE_PAGE_BYTES), payload, pageBytes)
      filled += pageBytes + 4
    }
    const padded = alignUp(filled, FILE_ALIGNMENT)
    slot.fill(0, filled, padded)
    return padded
  }

  async append(pages: Buffer): Promise<void> {
    if (pages.length === 0) return
    const position = this.#position
    this.#position += pages.length
    this.#fd ??= await this.#open()
    await this.#node.files.write(this.#fd, pages, position)
    this.#node.space.noteWritten(pages.length)
  }

  /** Makes the file durable under its final name. */
  async finish(payloadBytes: number): Promise<void> {
    const { files, directories } = this.#node
    const fd = this.#fd
    if (fd === null) throw new Error('Nothing was written')
    if (this.#headerPayloadBytes !== payloadBytes) await this.#rewriteHeader(fd, payloadBytes)
    await files.sync(fd)
    await this.#close()
    await files.rename(this.#temporaryPath, this.#path)
    await directories.sync(dirname(this.#path))
  }

  /** Removes what there is of an unfinished file; never rejects. */
  async discard(): Promise<void> {
    if (this.#position === 0) return
    try {
      await this.#close()
      await this.#node.files.unlink(this.#temporaryPath)
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return
      this.#node.log.warn({ err: error, path: this.#temporaryPath }, 'Could not remove an unfinished blob')
    }
  }

  async #open(): Promise<number> {
    const { files, directories, isDirect } = this.#node
    const { O_CREAT, O_EXCL, O_WRONLY, O_DIRECT } = constants
    const flags = O_CREAT | O_EXCL | O_WRONLY | (isDirect ? O_DIRECT : 0)
    const directory = dirname(this.#path)
    await directories.ensure(directory)
    try {
      return await files.open(this.#temporaryPath, flags)
    } catch (error) {
      if (!isSystemError(error, 'ENOENT')) throw error
      // The collector removed the empty directories since we saw them.
      directories.forget(dirname(directory))
      directories.forget(directory)
      await directories.ensure(directory)
      return files.open(this.#temporaryPath, flags)
    }
  }

  #fillHeader(slot: Buffer, payloadBytes: number): number {
    this.#headerPayloadBytes = payloadBytes
    this.#identityCrc = encodeStripeHeader(slot, { ...this.#header, payloadBytes })
    return STRIPE_HEADER_BYTES
  }

  #fillPage(page: Buffer, payload: StoredQueue, payloadBytes: number): void {
    const content = page.subarray(0, payloadBytes)
    payload.moveTo(content)
    const crc = stripePageCrc({ identityCrc: this.#identityCrc, index: this.#pageCount }, content)
    page.writeUInt32LE(crc, payloadBytes)
    this.#pageCount += 1
  }

  /** The size was not known when the first pages went out. */
  async #rewriteHeader(fd: number, payloadBytes: number): Promise<void> {
    const { files, memory } = this.#node
    const slot = await memory.take()
    try {
      await files.write(fd, slot.subarray(0, this.#fillHeader(slot, payloadBytes)), 0)
    } finally {
      memory.free(slot)
    }
  }

  async #close(): Promise<void> {
    const fd = this.#fd
    this.#fd = null
    if (fd !== null) await this.#node.files.close(fd)
  }
}
