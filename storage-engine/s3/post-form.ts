import type { Headers } from '#storage-engine/auth/wire-request.ts'
import type { Body } from '#storage-engine/body.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { boundaryOf, createFormParser } from '#storage-engine/s3/form-parser.ts'

/** A form whose fields have come, and whose file waits to be read. */
export interface PostForm {
  /** By lower-case name, in the form's order. */
  fields: ReadonlyMap<string, string>
  fileName: string
  /**
   * The file. Its size is known only when it ends; one that is outside of `size` is refused as soon as that shows.
   * Throws EntityTooLarge and EntityTooSmall, and what the form's body throws.
   */
  openFile(size: { min: number; max: number } | null): Body
  /** Lets go of the rest of the body, which is not read any more. */
  abandon(): void
}

/**
 * Reads a form as far as its file. Throws PreconditionFailed when the body is no form, MalformedPOSTRequest,
 * MaxPostPreDataLengthExceeded, InvalidArgument for a field that is given twice and for a form without a file.
 */
export async function openForm(headers: Headers, body: Body): Promise<PostForm> {
  const boundary = boundaryOf(headers.get('content-type'))
  if (boundary === null) {
    throw new StorageError('PreconditionFailed', {
      extra: { Condition: 'Bucket POST must be of the enclosure-type multipart/form-data' },
    })
  }
  const reader = new FormReader(boundary)
  const fileName = await reader.readHead(body)
  return {
    fields: reader.fields,
    fileName,
    openFile: (size) => ({
      declaredSize: null,
      givesChunksAway: false,
      trailingChecksums: body.trailingChecksums,
      drainTo: (sink) => reader.drainFile(sink, size),
    }),
    abandon: () => reader.abandon(),
  }
}

type Sink = (chunk: Buffer) => void | Promise<void>

class FormReader {
  readonly fields = new Map<string, string>()
  readonly #boundary: string
  #sink: Sink | null = null
  /** Settles when somebody wants the file, or nobody will. */
  #wanted: { resolve(): void; reject(error: Error): void } | null = null
  #whole: Promise<void> = Promise.resolve()

  constructor(boundary: string) {
    this.#boundary = boundary
  }

  /** Resolves to the name of the file once it begins. The body goes no further until it is wanted. */
  readHead(body: Body): Promise<string> {
    return new Promise((resolve, reject) => {
      const parser = createFormParser({
        boundary: this.#boundary,
        onField: (name, value) => this.#addField(name, value),
        onFile: (fileName) => {
          resolve(fileName)
          return new Promise((go, stop) => {
            this.#wanted = { resolve: go, reject: stop }
          })
        },
        onFileData: (chunk) => (this.#sink as Sink)(chunk),
      })
      this.#whole = body.drainTo((chunk) => parser.push(chunk)).then(() => parser.finish())
      // Before the file begins this is how the caller hears of it, afterwards drainFile is.
      this.#whole.catch(reject)
    })
  }

  async drainFile(sink: Sink, range: { min: number; max: number } | null): Promise<void> {
    const { min, max } = range ?? { min: 0, max: Number.POSITIVE_INFINITY }
    let size = 0
    this.#sink = (chunk) => {
      size += chunk.length
      if (size > max) throw outside('EntityTooLarge', { ProposedSize: size, MaxSizeAllowed: max })
      return sink(chunk)
    }
    this.#wanted?.resolve()
    await this.#whole
    if (size < min) throw outside('EntityTooSmall', { ProposedSize: size, MinSizeAllowed: min })
  }

  abandon(): void {
    this.#wanted?.reject(new Error('the form was given up'))
  }

  #addField(name: string, value: string): void {
    if (this.fields.has(name)) {
      throw new StorageError('InvalidArgument', {
        message: 'A form must not have two fields of one name.',
        extra: { ArgumentName: name, ArgumentValue: value.slice(0, 100) },
      })
    }
    this.fields.set(name, value)
  }
}

function outside(code: 'EntityTooLarge' | 'EntityTooSmall', sizes: Record<string, number>): StorageError {
  const extra = Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, String(size)]))
  return new StorageError(code, { extra })
}
