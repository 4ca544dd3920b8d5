import { connect, type TLSSocket } from 'node:tls'

/** What goes over the wire for one request. */
export interface WireRequest {
  /** Request line and headers; for small bodies also the body. */
  head: Buffer
  /** Bytes of body that follow `head`, taken from the filler again and again. */
  fillerBytes: number
  /** HEAD answers carry a length but no body. */
  bodyless: boolean
}

export interface WireAnswer {
  status: number
  bodyBytes: number
  /** Start of head and body, kept of failures only. */
  text: string
}

export interface LeanConnectionOptions {
  host: string
  port: number
  ca: string
  filler: Buffer
}

const HEAD_END = Buffer.from('\r\n\r\n')
const LENGTH = /\r\ncontent-length: *(\d+)/i
const CHUNKED = /\r\ntransfer-encoding: *chunked/i
const KEPT_TEXT_BYTES = 600

/**
 * One keep-alive HTTP/1.1 connection over TLS that does no more than count: it costs a fraction of a general client, so
 * that on a shared machine the server is what is measured. One request at a time.
 */
export class LeanConnection {
  readonly #socket: TLSSocket
  readonly #filler: Buffer
  #answered: ((answer: WireAnswer) => void) | null = null
  #failed: ((error: Error) => void) | null = null
  #bodyless = false
  #head: Buffer | null = null
  #status = 0
  #text = ''
  #bodyBytes = 0
  /** Bytes of body to come; -1 before the head is whole, -2 while the body is chunked. */
  #remaining = -1
  #tail = ''

  static open(options: LeanConnectionOptions): Promise<LeanConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: options.host, port: options.port, ca: options.ca })
      socket.setNoDelay(true)
      socket.once('error', reject)
      socket.once('secureConnect', () => {
        socket.removeListener('error', reject)
        resolve(new LeanConnection(socket, options.filler))
      })
    })
  }

  private constructor(socket: TLSSocket, filler: Buffer) {
    this.#socket = socket
    this.#filler = filler
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', (error) => this.#failed?.(error))
    socket.on('close', () => this.#failed?.(new Error('the server closed the connection')))
  }

  /** Sends the request and hands over the answer once its last byte is there. Rejects when the connection breaks. */
  exchange(request: WireRequest): Promise<WireAnswer> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve
      this.#failed = reject
      this.#bodyless = request.bodyless
      this.#remaining = -1
      this.#bodyBytes = 0
      this.#socket.write(request.head)
      if (request.fillerBytes > 0) this.#pump(request.fillerBytes)
    })
  }

  close(): void {
    this.#failed = null
    this.#socket.destroy()
  }

  #pump(bytes: number): void {
    let left = bytes
    while (left > 0) {
      const piece = left >= this.#filler.length ? this.#filler : this.#filler.subarray(0, left)
      left -= piece.length
      if (!this.#socket.write(piece) && left > 0) {
        this.#socket.once('drain', () => this.#pump(left))
        return
      }
    }
  }

  #take(chunk: Buffer): void {
    if (this.#remaining === -1) this.#takeHead(chunk)
    else this.#takeBody(chunk)
  }

  #takeHead(chunk: Buffer): void {
    const bytes = this.#head === null ? chunk : Buffer.concat([this.#head, chunk])
    const end = bytes.indexOf(HEAD_END)
    if (end < 0) {
      this.#head = bytes
      return
    }
    this.#head = null
    const head = bytes.toString('latin1', 0, end)
    this.#status = Number(head.slice(9, 12))
    this.#text = this.#status < 300 ? '' : head
    const chunked = CHUNKED.test(head)
    if (this.#bodyless || this.#status === 204 || this.#status === 304) this.#remaining = 0
    else this.#remaining = chunked ? -2 : Number(LENGTH.exec(head)?.[1] ?? 0)
    this.#takeBody(bytes.subarray(end + HEAD_END.length))
  }

  #takeBody(chunk: Buffer): void {
    this.#bodyBytes += chunk.length
    if (this.#status >= 300 && this.#text.length < KEPT_TEXT_BYTES)
      this.#text += chunk.toString('latin1', 0, KEPT_TEXT_BYTES)
    if (this.#remaining === -2) {
      this.#tail = (this.#tail + chunk.toString('latin1', Math.max(0, chunk.length - 7))).slice(-7)
      if (this.#tail.endsWith('\r\n0\r\n\r\n')) this.#finish()
      return
    }
    this.#remaining -= chunk.length
    if (this.#remaining <= 0) this.#finish()
  }

  #finish(): void {
    const answered = this.#answered
    this.#answered = null
    this.#failed = null
    this.#remaining = -1
    this.#tail = ''
    answered?.({ status: this.#status, bodyBytes: this.#bodyBytes, text: this.#text })
  }
}
