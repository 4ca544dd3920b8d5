import { createHash } from 'node:crypto'
import {
  createMd5State,
  digestLanes,
  MD5_BLOCK_BYTES,
  MD5_LANE_BYTES,
  MD5_LANE_COUNT,
  md5DigestOf,
  md5Lanes,
  md5Padding,
} from '#storage-engine/crypto/md5-kernel.ts'
import { offloadBlocks } from '#storage-engine/crypto/md5-worker.ts'
import { giveBack } from '#storage-engine/given-memory.ts'

/**
 * MD5 for ETags, which is no security but is the dearest step of a large PUT. Messages that run at the same time are
 * digested four at once, at two to three times the speed of one alone: chunks that arrive in one turn of the event loop
 * wait for its end, and are then packed into lanes. There is no timer. A large message without company goes to a second
 * thread, so that the rest of its PUT runs meanwhile.
 */
export interface Md5 {
  /**
   * Takes the chunk without copying it: it must not change. A promise means: wait for it before the next chunk. No chunk is
   * read before the current turn of the event loop ends.
   */
  update(chunk: Buffer): void | Promise<void>
  /** 16 bytes. Callable once, after which nothing more can be added. */
  digest(): Promise<Buffer>
}

/** Bytes that one message may have waiting before its `update` asks the caller to wait. */
const PENDING_BYTES_MAX = 65536
/** A message is large from here on: only then is a second thread worth starting. */
const OFFLOAD_MESSAGE_BYTES_MIN = 1024 * 1024
/** Fewer bytes are digested sooner than they are handed over. */
const OFFLOAD_BYTES_MIN = 16_384

interface Message {
  state: Uint32Array
  ownsChunks: boolean
  size: number
  pending: Buffer[]
  /** Bytes of the first pending chunk that are digested already. */
  offset: number
  pendingSize: number
  isQueued: boolean
  /** It missed its turn once, for want of company. */
  isCarried: boolean
  isEnded: boolean
  /** Jobs of it that the second thread has. */
  jobCount: number
  resume: (() => void) | null
  room: Promise<void> | null
}

/** Digests a message that comes in chunks of any size. With `ownsChunks` it gives back the memory of those that it has read. */
export function createMd5({ ownsChunks = false } = {}): Md5 {
  const message: Message = {
    state: createMd5State(),
    ownsChunks,
    size: 0,
    pending: [],
    offset: 0,
    pendingSize: 0,
    isQueued: false,
    isCarried: false,
    isEnded: false,
    jobCount: 0,
    resume: null,
    room: null,
  }
  return {
    update(chunk) {
      if (message.isEnded) throw new Error('This digest is finished.')
      message.size += chunk.length
      enqueue(message, chunk)
      return message.pendingSize > PENDING_BYTES_MAX ? waitForRoom(message) : undefined
    },
    async digest() {
      if (message.isEnded) throw new Error('This digest is finished.')
      message.isEnded = true
      enqueue(message, md5Padding(message.size))
      await waitForRoom(message)
      return md5DigestOf(message.state)
    },
  }
}

/** The MD5 of bytes in memory, at once: for small bodies, where waiting would cost more than it saves. */
export function md5Of(chunks: readonly Buffer[]): Buffer {
  isMd5Native ??= hasNativeMd5()
  if (!isMd5Native) return md5ByKernel(chunks)
  const md5 = createHash('md5')
  for (const chunk of chunks) md5.update(chunk)
  return md5.digest()
}

/**
 * OpenSSL refuses MD5 when it runs in FIPS mode. An ETag is no use of it that FIPS forbids, so the kernel stands in. Asked at
 * the first use, when the mode is settled: an algorithm that was found before stays usable in this process.
 */
let isMd5Native: boolean | undefined

function hasNativeMd5(): boolean {
  try {
    createHash('md5')
    return true
  } catch {
    return false
  }
}

function md5ByKernel(chunks: readonly Buffer[]): Buffer {
  const state = createMd5State()
  const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  const message = Buffer.concat([...chunks, md5Padding(size)])
  for (let offset = 0; offset < message.length; offset += MD5_LANE_BYTES) {
    const copied = message.copy(md5Lanes[0] as Buffer, 0, offset)
    digestLanes([state], copied / MD5_BLOCK_BYTES)
  }
  return md5DigestOf(state)
}

/** Messages with at least one whole block pending. */
let queue: Message[] = []
let isScheduled = false

function enqueue(message: Message, chunk: Buffer): void {
  if (chunk.length === 0) return
  message.pending.push(chunk)
  message.pendingSize += chunk.length
  if (message.isQueued || message.pendingSize < MD5_BLOCK_BYTES) return
  message.isQueued = true
  queue.push(message)
  schedule()
}

function waitForRoom(message: Message): Promise<void> {
  message.room ??= new Promise((resolve) => {
    message.resume = resolve
  })
  return message.room
}

function schedule(): void {
  if (isScheduled) return
  isScheduled = true
  setImmediate(digestQueue)
}

/** Digests what this turn of the event loop brought, longest first, so that the lanes of a group end together. */
function digestQueue(): void {
  isScheduled = false
  let ready = queue.sort((a, b) => b.pendingSize - a.pendingSize)
  queue = []
  if (ready.length === 1 && offload(ready[0] as Message)) return
  // What the second thread has must come back first; rejoin() then asks again.
  ready = ready.filter((message) => message.jobCount === 0)
  const isCrowded = ready.length >= MD5_LANE_COUNT
  while (ready.length > 0) {
    const group = ready.slice(0, MD5_LANE_COUNT)
    ready = ready.slice(MD5_LANE_COUNT)
    if (isCrowded && group.length < MD5_LANE_COUNT && group.every(mayWait)) {
      carry(group)
      return
    }
    digestGroup(group)
    for (const message of group) {
      if (message.pendingSize >= MD5_BLOCK_BYTES) ready.push(message)
      else release(message)
    }
  }
}

/** True when the second thread has taken what is pending, which leaves the message out of the queue. */
function offload(message: Message): boolean {
  if (message.size < OFFLOAD_MESSAGE_BYTES_MIN || message.pendingSize < OFFLOAD_BYTES_MIN) return false
  const blockCount = blockCountOf(message.pendingSize)
  const finished = offloadBlocks(message.state, blockCount, (target) =>
    take(message, target, blockCount * MD5_BLOCK_BYTES),
  )
  if (finished === null) return false
  message.jobCount++
  void finished.then(() => {
    message.jobCount--
    rejoin(message)
  })
  rejoin(message)
  return true
}

/** Puts a message back into the queue if it has a block to digest, and lets it go if all of it is digested. */
function rejoin(message: Message): void {
  message.isQueued = message.pendingSize >= MD5_BLOCK_BYTES
  if (message.isQueued) {
    if (!queue.includes(message)) queue.push(message)
    schedule()
  } else if (message.jobCount === 0 || !message.isEnded) {
    release(message)
  }
}

/** Among many messages, one that found no full group may wait a single turn for company. */
function mayWait(message: Message): boolean {
  return !message.isCarried && !message.isEnded
}

function carry(group: Message[]): void {
  for (const message of group) message.isCarried = true
  queue.push(...group)
  schedule()
}

function digestGroup(group: Message[]): void {
  const blockCount = blockCountOf(Math.min(...group.map((message) => message.pendingSize)))
  for (const [lane, message] of group.entries()) take(message, md5Lanes[lane] as Buffer, blockCount * MD5_BLOCK_BYTES)
  digestLanes(
    group.map((message) => message.state),
    blockCount,
  )
}

/** Whole blocks that one call can digest of so many pending bytes. */
function blockCountOf(pendingSize: number): number {
  return Math.floor(Math.min(pendingSize, MD5_LANE_BYTES) / MD5_BLOCK_BYTES)
}

/** Moves the first `size` pending bytes of a message into a lane. */
function take(message: Message, lane: Buffer, size: number): void {
  for (let taken = 0; taken < size; ) {
    const chunk = message.pending[0] as Buffer
    const copied = chunk.copy(lane, taken, message.offset, message.offset + size - taken)
    taken += copied
    message.offset += copied
    if (message.offset === chunk.length) {
      message.pending.shift()
      message.offset = 0
      if (message.ownsChunks) giveBack(chunk)
    }
  }
  message.pendingSize -= size
}

/** Lets a message go that has less than a block left: those bytes are copied, so that they hold no whole chunk. */
function release(message: Message): void {
  if (message.pendingSize > 0) {
    const [first, ...rest] = message.pending as [Buffer, ...Buffer[]]
    message.pending = [Buffer.concat([first.subarray(message.offset), ...rest])]
    message.offset = 0
    if (message.ownsChunks) for (const chunk of [first, ...rest]) giveBack(chunk)
  }
  message.isQueued = false
  message.isCarried = false
  giveRoom(message)
}

function giveRoom(message: Message): void {
  message.resume?.()
  message.resume = null
  message.room = null
}
