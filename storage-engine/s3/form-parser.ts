import { StorageError } from '#storage-engine/errors.ts'

/** Of everything but the file, also behind it: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html */
export const FORM_BYTES_MAX = 20 * 1024
const BOUNDARY_LENGTH_MAX = 200
const FILE_FIELD = 'file'
const CRLF = Buffer.from('\r\n')
const END_OF_HEADERS = Buffer.from('\r\n\r\n')

export interface FormParserInput {
  /** As Content-Type has it. */
  boundary: string
  /** `name` is in lower case. */
  onField(name: string, value: string): void
  /** The file begins; a promise means: wait before its first byte. */
  onFile(fileName: string): void | Promise<void>
  onFileData(chunk: Buffer): void | Promise<void>
}

export interface FormParser {
  /** Takes bytes as they came. A promise means: wait before the next ones. Throws MalformedPOSTRequest, MaxPostPreDataLengthExceeded, InvalidArgument. */
  push(bytes: Buffer): void | Promise<void>
  /** Throws MalformedPOSTRequest unless the file has ended, and InvalidArgument when there was none. */
  finish(): void
}

/** The boundary of a form; null when the request has no such body. Throws MalformedPOSTRequest. */
export function boundaryOf(contentType: string | undefined): string | null {
  if (contentType === undefined || !/^multipart\/form-data\s*(?:;|$)/i.test(contentType)) return null
  const found = /;\s*boundary=(?:"([^"]*)"|([^;\s]*))/i.exec(contentType)
  const boundary = found?.[1] ?? found?.[2] ?? ''
  if (boundary === '' || boundary.length > BOUNDARY_LENGTH_MAX) throw new StorageError('MalformedPOSTRequest')
  return boundary
}

/**
 * Reads multipart/form-data (RFC 7578): fields, then the file, which is handed on as it comes; what follows it counts for
 * nothing. Fields may have file names too, as some clients send them; only the one called `file` is the file.
 */
export function createFormParser(input: FormParserInput): FormParser {
  return new Parser(input)
}

type State = 'delimiter' | 'headers' | 'field' | 'file' | 'rest'

class Parser implements FormParser {
  readonly #input: FormParserInput
  readonly #delimiter: Buffer
  #state: State = 'delimiter'
  /** Bytes that have come and are not understood yet. The first delimiter has no line in front of it. */
  #bytes: Buffer = CRLF
  /** So many of these hold no end of what is read now, so that a form in tiny pieces is not searched over and over. */
  #searched = 0
  /** Bytes of the form that were taken so far, but for the file; the line in front never came. */
  #size = -CRLF.length
  #name = ''
  #hasFile = false

  constructor(input: FormParserInput) {
    this.#input = input
    this.#delimiter = Buffer.from(`\r\n--${input.boundary}`, 'latin1')
  }

  push(bytes: Buffer): void | Promise<void> {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes])
    return this.#advance()
  }

  finish(): void {
    if (this.#state === 'rest' && this.#hasFile) return
    if (this.#hasFile || this.#state !== 'rest') throw new StorageError('MalformedPOSTRequest')
    throw new StorageError('InvalidArgument', {
      message: 'POST requires exactly one file upload per request.',
      extra: { ArgumentName: FILE_FIELD, ArgumentValue: '0' },
    })
  }

  /** Steps as far as the bytes go. */
  #advance(): void | Promise<void> {
    for (;;) {
      const step = this.#step()
      if (step === false) {
        if (this.#state !== 'file') this.#limit(this.#bytes.length)
        return
      }
      if (step instanceof Promise) return step.then(() => this.#advance())
    }
  }

  /** False when more bytes are needed. */
  #step(): boolean | Promise<void> {
    switch (this.#state) {
      case 'delimiter':
        return this.#takeDelimiter()
      case 'headers':
        return this.#takeHeaders()
      case 'field':
        return this.#takeField()
      case 'file':
        return this.#takeFile()
      case 'rest':
        this.#take(this.#bytes.length)
        return false
    }
  }

  #takeDelimiter(): boolean {
    const { length } = this.#delimiter
    if (this.#bytes.length < length + 2) return false
    if (!this.#bytes.subarray(0, length).equals(this.#delimiter)) throw new StorageError('MalformedPOSTRequest')
    const end = this.#bytes.toString('latin1', length, length + 2)
    if (end !== '\r\n' && end !== '--') throw new StorageError('MalformedPOSTRequest')
    this.#take(length + 2)
    this.#state = end === '--' || this.#hasFile ? 'rest' : 'headers'
    return true
  }

  #takeHeaders(): boolean | Promise<void> {
    const end = this.#find(END_OF_HEADERS)
    if (end === -1) return false
    const { name, fileName } = parsePartHeaders(decode(this.#take(end + END_OF_HEADERS.length)))
    this.#name = name
    if (name !== FILE_FIELD) {
      this.#state = 'field'
      return true
    }
    this.#hasFile = true
    this.#state = 'file'
    return this.#input.onFile(fileName) ?? true
  }

  #takeField(): boolean {
    const end = this.#find(this.#delimiter)
    if (end === -1) return false
    this.#input.onField(this.#name, decode(this.#take(end)))
    this.#state = 'delimiter'
    return true
  }

  /** Holds back what could be the beginning of the delimiter. */
  #takeFile(): boolean | Promise<void> {
    const end = this.#bytes.indexOf(this.#delimiter)
    const length = end === -1 ? this.#bytes.length - this.#delimiter.length + 1 : end
    const data = this.#bytes.subarray(0, Math.max(length, 0))
    this.#bytes = this.#bytes.subarray(data.length)
    if (end !== -1) this.#state = 'delimiter'
    const waiting = data.length === 0 ? undefined : this.#input.onFileData(data)
    return waiting ?? end !== -1
  }

  #find(mark: Buffer): number {
    const found = this.#bytes.indexOf(mark, Math.max(0, this.#searched - mark.length + 1))
    this.#searched = found === -1 ? this.#bytes.length : 0
    return found
  }

  #take(length: number): Buffer {
    this.#limit(length)
    this.#size += length
    const taken = this.#bytes.subarray(0, length)
    this.#bytes = this.#bytes.subarray(length)
    return taken
  }

  #limit(more: number): void {
    if (this.#size + more > FORM_BYTES_MAX) throw new StorageError('MaxPostPreDataLengthExceeded')
  }
}

function parsePartHeaders(text: string): { name: string; fileName: string } {
  for (const line of text.split('\r\n')) {
    const disposition = /^content-disposition\s*:\s*form-data\s*(?=;)/i.exec(line)
    if (disposition === null) continue
    const parameters = parseParameters(line.slice(disposition[0].length))
    const name = parameters.get('name')
    if (name) return { name: name.toLowerCase(), fileName: fileNameOf(parameters) }
  }
  throw new StorageError('MalformedPOSTRequest')
}

/** `; name="a"; filename="b"`. A quote may be escaped; other backslashes are those of a path. */
function parseParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>()
  for (const [, name, quoted, token] of text.matchAll(/;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/gs)) {
    parameters.set((name as string).toLowerCase(), quoted?.replaceAll('\\"', '"') ?? token ?? '')
  }
  return parameters
}

/** Without the folders in front of it, which some browsers send. */
function fileNameOf(parameters: Map<string, string>): string {
  const plain = parameters.get('filename') ?? decodeExtended(parameters.get('filename*') ?? '')
  return plain.slice(Math.max(plain.lastIndexOf('/'), plain.lastIndexOf('\\')) + 1)
}

/** `utf-8''%e2%82%ac`, as RFC 5987 has it. */
function decodeExtended(value: string): string {
  const encoded = /^utf-8'[^']*'(.*)$/i.exec(value)?.[1]
  if (encoded === undefined) return ''
  try {
    return decodeURIComponent(encoded)
  } catch (cause) {
    throw new StorageError('MalformedPOSTRequest', { cause })
  }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new StorageError('MalformedPOSTRequest', { cause })
  }
}
