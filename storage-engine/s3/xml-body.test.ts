import { afterEach, expect, test, vi } from 'vitest'
import type { Body } from '#storage-engine/body.ts'
import { DOCUMENT_SECONDS_MAX, readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'

afterEach(() => vi.useRealTimers())

/** Comes in pieces of one byte, `seconds` apart. */
function slowBody(text: string, seconds: number): Body {
  return {
    declaredSize: null,
    givesChunksAway: false,
    trailingChecksums: new Map(),
    async drainTo(sink) {
      for (const byte of Buffer.from(text)) {
        vi.advanceTimersByTime(seconds * 1000)
        await sink(Buffer.from([byte]))
      }
    },
  }
}

test('reads a document that takes its time, and gives one up that goes on coming', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const read = (seconds: number) => readDocument(new Map(), slowBody('<a/>', seconds), XML_BYTES_MAX)
  expect((await read(DOCUMENT_SECONDS_MAX / 4)).toString()).toBe('<a/>')
  await expect(read(DOCUMENT_SECONDS_MAX / 3)).rejects.toMatchObject({ code: 'RequestTimeout' })
})
