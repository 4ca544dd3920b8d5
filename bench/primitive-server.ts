import { readFileSync } from 'node:fs'
import { createServer, type TLSSocket } from 'node:tls'
import { loadTlsOptions } from '#storage-engine/tls.ts'

/**
 * The least that can answer over TLS: reads requests, throws bodies away, answers with as many bytes as the key's name
 * asks for. What it reaches is the limit that the product is measured against. Forked with the certificate's files.
 */
const [cert = '', key = ''] = process.argv.slice(2)
const HEAD_END = Buffer.from('\r\n\r\n')
const WRITE_BYTES = 256 * 1024
const FILLER = Buffer.alloc(WRITE_BYTES, 0x5a)

const server = createServer({ ...loadTlsOptions({ cert, key }), cert: readFileSync(cert) }, (socket) => {
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  serve(socket)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : null })
})
process.on('disconnect', () => process.exit(0))

function serve(socket: TLSSocket): void {
  let pending: Buffer | null = null
  let bodyLeft = 0
  socket.on('data', (chunk: Buffer) => {
    if (bodyLeft > chunk.length) {
      bodyLeft -= chunk.length
      return
    }
    if (bodyLeft > 0) {
      bodyLeft = 0
      answer(socket, 0)
      return
    }
    const bytes: Buffer = pending === null ? chunk : Buffer.concat([pending, chunk])
    const end = bytes.indexOf(HEAD_END)
    pending = end < 0 ? bytes : null
    if (end < 0) return
    const head = bytes.toString('latin1', 0, end)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    bodyLeft = length - (bytes.length - end - HEAD_END.length)
    if (bodyLeft <= 0) answer(socket, head.startsWith('GET') ? Number(/size-(\d+)-/.exec(head)?.[1] ?? 0) : 0)
  })
}

function answer(socket: TLSSocket, bodyBytes: number): void {
  const head = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${bodyBytes}\r\n\r\n`)
  if (bodyBytes <= WRITE_BYTES) {
    socket.write(Buffer.concat([head, FILLER.subarray(0, bodyBytes)]))
    return
  }
  socket.write(head)
  let left = bodyBytes
  const pump = () => {
    while (left > 0) {
      const piece = left >= WRITE_BYTES ? FILLER : FILLER.subarray(0, left)
      left -= piece.length
      if (!socket.write(piece)) {
        socket.once('drain', pump)
        return
      }
    }
  }
  pump()
}
