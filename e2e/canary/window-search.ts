import { open, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'

/** Finds any run of at least 32 bytes that a file shares with a canary, wherever it begins in either of them. */
export interface WindowSearch {
  /** Every canary window that the search knows. */
  windowCount: number
  /** At most one hit a canary and block of the file; `path` is only carried into the hits. */
  searchFile(file: string, path: string): Promise<{ hits: Hit[]; bytes: number }>
}

export interface Canary {
  name: string
  body: Buffer
}

export interface Hit {
  path: string
  offset: number
  canary: string
}

export interface TreeSearch {
  hits: Hit[]
  files: number
  bytes: number
}

export const WINDOW_BYTES = 32
const WORD_BYTES = 8
/**
 * Words are indexed at every third offset of a canary and looked up at every eighth of a file. Three and eight have no
 * common divisor, so any 24 offsets in a row hold one that is both; a run of 32 bytes has 25 places for a word.
 */
const CANARY_STRIDE = 3
const FILE_STRIDE = 8
const BLOCK_BYTES = 4 << 20

export function createWindowSearch(canaries: Canary[]): WindowSearch {
  const all = Buffer.concat(canaries.map(({ body }) => body))
  const table = indexWords(all)
  const nameAt = namesByOffset(canaries)

  function searchBlock(block: Buffer, hit: (fileOffset: number, canaryOffset: number) => void): void {
    const words = new Int32Array(block.buffer, block.byteOffset, block.length >>> 2)
    const mask = table.length - 1
    for (let index = 0; index + 1 < words.length; index += FILE_STRIDE / 4) {
      const low = words[index] as number
      const high = words[index + 1] as number
      if (low === 0 && high === 0) continue
      for (let slot = hashOf(low, high) & mask; table[slot] !== 0; slot = (slot + 1) & mask) {
        const canaryOffset = (table[slot] as number) - 1
        if (all.readInt32LE(canaryOffset) !== low || all.readInt32LE(canaryOffset + 4) !== high) continue
        if (sharedRun(block, index * 4, all, canaryOffset) >= WINDOW_BYTES) hit(index * 4, canaryOffset)
      }
    }
  }

  async function searchFile(file: string, path: string): Promise<{ hits: Hit[]; bytes: number }> {
    const handle = await open(file, 'r')
    const hits: Hit[] = []
    const buffer = Buffer.from(new ArrayBuffer(BLOCK_BYTES + WINDOW_BYTES))
    try {
      for (let position = 0; ; position += BLOCK_BYTES) {
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
        const named = new Set<string>()
        searchBlock(buffer.subarray(0, bytesRead), (fileOffset, canaryOffset) => {
          const canary = nameAt(canaryOffset)
          if (!named.has(canary)) hits.push({ path, offset: position + fileOffset, canary })
          named.add(canary)
        })
        if (bytesRead < buffer.length) return { hits, bytes: position + bytesRead }
      }
    } finally {
      await handle.close()
    }
  }

  const windowCount = canaries.reduce((sum, { body }) => sum + Math.max(0, body.length - WINDOW_BYTES + 1), 0)
  return { windowCount, searchFile }
}

/** Searches every regular file below `directory`. */
export async function searchTree(search: WindowSearch, directory: string): Promise<TreeSearch> {
  const total: TreeSearch = { hits: [], files: 0, bytes: 0 }
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const { hits, bytes } = await search.searchFile(file, relative(directory, file))
    total.hits.push(...hits)
    total.files++
    total.bytes += bytes
  }
  return total
}

/** An open hash table from a word to its offset + 1; 0 is an empty slot. */
function indexWords(all: Buffer): Int32Array {
  const entries = Math.ceil(all.length / CANARY_STRIDE)
  const table = new Int32Array(2 ** Math.max(10, Math.ceil(Math.log2(entries * 2))))
  const mask = table.length - 1
  for (let offset = 0; offset + WORD_BYTES <= all.length; offset += CANARY_STRIDE) {
    let slot = hashOf(all.readInt32LE(offset), all.readInt32LE(offset + 4)) & mask
    while (table[slot] !== 0) slot = (slot + 1) & mask
    table[slot] = offset + 1
  }
  return table
}

function hashOf(low: number, high: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}

/** Length of the longest equal run around two offsets. */
function sharedRun(a: Buffer, aOffset: number, b: Buffer, bOffset: number): number {
  let before = 0
  while (before < WINDOW_BYTES && a[aOffset - before - 1] === b[bOffset - before - 1] && aOffset > before) before++
  let after = 0
  while (after < WINDOW_BYTES && aOffset + after < a.length && a[aOffset + after] === b[bOffset + after]) after++
  return before + after
}

function namesByOffset(canaries: Canary[]): (offset: number) => string {
  const ends: { end: number; name: string }[] = []
  let end = 0
  for (const { name, body } of canaries) {
    end += body.length
    ends.push({ end, name })
  }
  return (offset) => ends.find((range) => offset < range.end)?.name ?? ''
}
