import type { ChecksumAnswer, ChecksumQuestion } from '#lib/upload/checksum.worker.ts'

/** The file cannot be read any more: moved, changed, or its disk is gone. */
export class UnreadableFileError extends Error {}

/** Base64 of the CRC32C of a blob's bytes, big-endian: S3's `ChecksumCRC32C`. */
export type Checksum = (blob: Blob) => Promise<string>

/** A checksum computed in one Web Worker, so that the page stays responsive. The worker starts with the first question. */
export function createChecksum(): Checksum {
  const pending = new Map<number, { resolve: (checksum: string) => void; reject: (error: Error) => void }>()
  let worker: Worker | null = null
  let lastId = 0

  function start(): Worker {
    const started = new Worker(new URL('./checksum.worker.ts', import.meta.url), { type: 'module' })
    started.onmessage = ({ data }: MessageEvent<ChecksumAnswer>) => {
      const question = pending.get(data.id)
      pending.delete(data.id)
      if ('checksum' in data) question?.resolve(data.checksum)
      else question?.reject(new UnreadableFileError(data.error))
    }
    started.onerror = (event) => {
      for (const { reject } of pending.values()) reject(new Error(`The checksum worker stopped: ${event.message}`))
      pending.clear()
      started.terminate()
      worker = null
    }
    return started
  }

  return (blob) =>
    new Promise((resolve, reject) => {
      worker ??= start()
      const id = ++lastId
      pending.set(id, { resolve, reject })
      worker.postMessage({ id, blob } satisfies ChecksumQuestion)
    })
}
