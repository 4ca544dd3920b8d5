import { createCRC32 } from 'hash-wasm'

/** CRC32C (Castagnoli), bits reflected: RFC 9260 appendix A. */
const CASTAGNOLI = 0x82f63b78

export interface ChecksumQuestion {
  id: number
  blob: Blob
}

export type ChecksumAnswer = { id: number; checksum: string } | { id: number; error: string }

self.onmessage = async ({ data: { id, blob } }: MessageEvent<ChecksumQuestion>) => {
  try {
    answer({ id, checksum: await crc32cOf(blob) })
  } catch (error) {
    answer({ id, error: String(error) })
  }
}

/** Reads in pieces: a part of a very large file is half a gibibyte. */
async function crc32cOf(blob: Blob): Promise<string> {
  const hash = await createCRC32(CASTAGNOLI)
  hash.init()
  const reader = blob.stream().getReader()
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) hash.update(piece.value)
  return btoa(String.fromCharCode(...hash.digest('binary')))
}

function answer(message: ChecksumAnswer) {
  self.postMessage(message)
}
