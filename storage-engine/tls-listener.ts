import type { Server } from 'node:https'
import type { Socket } from 'node:net'

/** First byte of a TLS record that carries a handshake: how every TLS connection begins. */
const TLS_HANDSHAKE = 0x16
/** A connection that says nothing for this long is closed. */
const FIRST_BYTE_TIMEOUT_MS = 20_000
/** How long a refused client may take to read why. */
const REFUSAL_TIMEOUT_MS = 5_000

const REFUSAL_TEXT = 'This port speaks HTTPS only: use https:// in place of http://.\n'
const REFUSAL = [
  'HTTP/1.1 400 Bad Request',
  'Content-Type: text/plain; charset=utf-8',
  `Content-Length: ${REFUSAL_TEXT.length}`,
  'Connection: close',
  '',
  REFUSAL_TEXT,
].join('\r\n')

export interface ListenTlsInput {
  server: Server
  port: number
  host: string
  /**
   * Other processes of ours listen on the port too. The kernel then deals connections out (on Linux, from Node 23.1), and
   * one that a killed process had not yet accepted fails at once; dealt out by the parent process, it would hang.
   */
  isShared?: boolean
}

/**
 * Listens with an HTTPS server and resolves to the port. A client that speaks plain HTTP gets one clear sentence instead
 * of a broken handshake; it is never served and never redirected. Rejects with the system's error (EADDRINUSE, EACCES)
 * when the port is not to be had.
 */
export async function listenTls(input: ListenTlsInput): Promise<number> {
  const { server, port, host, isShared = false } = input
  refusePlainHttp(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, reusePort: isShared && process.platform === 'linux' }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

/** Stands in front of the server's own listener for raw connections, which starts the handshake. */
function refusePlainHttp(server: Server): void {
  const listeners = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    const onSilence = () => socket.destroy()
    socket.on('error', onSilence)
    socket.setTimeout(FIRST_BYTE_TIMEOUT_MS, onSilence)
    socket.once('readable', () => {
      socket.setTimeout(0, onSilence)
      const first: Buffer | null = socket.read(1)
      if (first === null) return socket.destroy()
      if (first[0] !== TLS_HANDSHAKE) return refuse(socket)
      socket.off('error', onSilence)
      socket.unshift(first)
      for (const listener of listeners) listener.call(server, socket)
    })
  })
}

/** What was sent is read and dropped: closing with unread bytes would reset the connection before the text arrives. */
function refuse(socket: Socket): void {
  socket.end(REFUSAL)
  socket.resume()
  socket.setTimeout(REFUSAL_TIMEOUT_MS, () => socket.destroy())
}
