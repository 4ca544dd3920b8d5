import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Authentication } from '#storage-engine/auth/authenticate.ts'
import { openBody } from '#storage-engine/s3/body-reader.ts'
import type { StallWatch } from '#storage-engine/s3/stall-watch.ts'

const PATIENT = { tick: 0, add() {}, remove() {} } as unknown as StallWatch
const identity = { payload: { framing: 'identity', sha256: null } } as unknown as Authentication
const chunked = {
  payload: { framing: 'aws-chunked', chunkSigning: null, hasTrailer: true },
} as unknown as Authentication

/** What a slow sink has finished with by the time that the body says it is complete. */
async function drainSlowly(authentication: Authentication, sent: string, more: Record<string, string> = {}) {
  const finished: string[] = []
  const server = createServer(async (req, res) => {
    // By now the whole request is there, so that its end is known when the last chunk is handed out.
    await delay(30)
    const headers = new Map(Object.entries(req.headers)) as never
    const body = openBody({ req, onFirstRead() {}, headers, authentication, stallWatch: PATIENT })
    await body.drainTo(async (chunk) => {
      const text = chunk.toString()
      await delay(20)
      finished.push(text)
    })
    res.end(finished.join(''))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const answer = await new Promise<string>((resolve, reject) => {
    const headers = { 'content-length': Buffer.byteLength(sent), ...more }
    const req = request({ port, host: '127.0.0.1', method: 'PUT', headers }, (res) => {
      res.setEncoding('utf8')
      let text = ''
      res.on('data', (piece: string) => {
        text += piece
      })
      res.on('end', () => resolve(text))
    })
    req.on('error', reject)
    req.end(sent)
  })
  server.close()
  return answer
}

it('waits for the sink to finish the last chunk of a body that has arrived whole', async () => {
  expect(await drainSlowly(identity, 'all of it')).toBe('all of it')
})

it('reads the trailer behind a last chunk that the sink is slow with', async () => {
  const trailer = { 'x-amz-decoded-content-length': '9', 'x-amz-trailer': 'x-amz-checksum-crc32' }
  const sent = '9\r\nall of it\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n'
  expect(await drainSlowly(chunked, sent, trailer)).toBe('all of it')
})
