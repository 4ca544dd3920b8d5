import {
  CRC32C_HEADER,
  objectDataUrl,
  type Part,
  partSchema,
  uploadDataUrl,
  uploadSchema,
  writtenObjectSchema,
} from '#lib/schemas/transfers.ts'
import type { Checksum } from '#lib/upload/checksum.ts'
import type { Lanes } from '#lib/upload/lanes.ts'
import { fitsOneRequest, type PlannedPart, planParts } from '#lib/upload/part-plan.ts'
import { type RetryTools, withRetries } from '#lib/upload/retry.ts'
import type { Transport } from '#lib/upload/transport.ts'

export interface SendTools extends RetryTools {
  transport: Transport
  checksum: Checksum
  lanes: Lanes
}

/** What a multipart upload has reached: kept over a pause or a failure, so that going on sends the rest only. */
export interface MultipartProgress {
  uploadId: string
  parts: Map<number, Part>
}

export interface FileToSend {
  namespace: string
  bucket: string
  key: string
  file: Blob
  /** Whether an object of this key may be replaced; if not, the server answers 412 and keeps what it has. */
  mayReplace: boolean
  multipart: MultipartProgress | null
}

export interface SendEvents {
  /** Bytes of the file sent so far. Falls when a part has to be sent again. */
  onProgress: (sentBytes: number) => void
  onMultipart: (progress: MultipartProgress) => void
  /** All bytes are there; the server puts the object together. */
  onCompleting: () => void
}

/** Stores one file, in one request or in parts with a checksum each. Throws ApiRequestError, UnreadableFileError or the signal's reason. */
export async function sendFile(
  tools: SendTools,
  file: FileToSend,
  events: SendEvents,
  signal: AbortSignal,
): Promise<void> {
  if (fitsOneRequest(file.file.size)) await sendWhole(tools, file, events, signal)
  else await sendInParts(tools, file, events, signal)
}

/** Gives the parts of an unfinished upload back to the server. */
export async function abandonUpload(tools: SendTools, file: FileToSend, signal: AbortSignal): Promise<void> {
  const { multipart } = file
  if (multipart === null) return
  const url = uploadDataUrl(file, { uploadId: multipart.uploadId })
  await withRetries(tools, signal, () => tools.transport({ method: 'DELETE', url, headers: {}, body: null, signal }))
}

async function sendWhole(tools: SendTools, file: FileToSend, events: SendEvents, signal: AbortSignal): Promise<void> {
  await tools.lanes.run(async () => {
    const checksum = await tools.checksum(file.file)
    await withRetries(tools, signal, async () => {
      const answer = await tools.transport({
        method: 'PUT',
        url: objectDataUrl(file),
        headers: { 'content-type': contentTypeOf(file.file), [CRC32C_HEADER]: checksum, ...conditionOf(file) },
        body: file.file,
        signal,
        onProgress: events.onProgress,
      })
      writtenObjectSchema.parse(answer)
    })
  }, signal)
}

async function sendInParts(tools: SendTools, file: FileToSend, events: SendEvents, signal: AbortSignal): Promise<void> {
  const multipart = file.multipart ?? (await begin(tools, file, signal))
  events.onMultipart(multipart)
  const inFlight = new Map<number, number>()
  const report = () =>
    events.onProgress(sumOf(multipart.parts) + [...inFlight.values()].reduce((sum, sent) => sum + sent, 0))
  report()

  // The first part that fails for good stops its siblings: their bytes would be sent for nothing.
  const siblings = new AbortController()
  const either = AbortSignal.any([signal, siblings.signal])
  const missing = planParts(file.file.size).filter((part) => !multipart.parts.has(part.partNumber))
  const sending = missing.map((part) =>
    sendPart(tools, file, multipart, part, either, (sentBytes) => {
      inFlight.set(part.partNumber, sentBytes)
      report()
    }).then(
      () => {
        inFlight.delete(part.partNumber)
        report()
      },
      (error: unknown) => {
        siblings.abort(error)
        throw error
      },
    ),
  )
  await Promise.allSettled(sending)
  await Promise.all(sending)
  events.onCompleting()
  await complete(tools, file, multipart, signal)
}

async function begin(tools: SendTools, file: FileToSend, signal: AbortSignal): Promise<MultipartProgress> {
  const url = `${uploadDataUrl(file)}&${new URLSearchParams({ type: contentTypeOf(file.file) })}`
  const answer = await tools.lanes.run(
    () => withRetries(tools, signal, () => tools.transport({ method: 'POST', url, headers: {}, body: null, signal })),
    signal,
  )
  return { uploadId: uploadSchema.parse(answer).uploadId, parts: new Map() }
}

async function sendPart(
  tools: SendTools,
  file: FileToSend,
  { uploadId, parts }: MultipartProgress,
  { partNumber, start, end }: PlannedPart,
  signal: AbortSignal,
  onProgress: (sentBytes: number) => void,
): Promise<void> {
  await tools.lanes.run(async () => {
    const body = file.file.slice(start, end)
    const checksum = await tools.checksum(body)
    const answer = await withRetries(tools, signal, () => {
      onProgress(0)
      return tools.transport({
        method: 'PUT',
        url: uploadDataUrl(file, { uploadId, part: partNumber }),
        headers: { 'content-type': 'application/octet-stream', [CRC32C_HEADER]: checksum },
        body,
        signal,
        onProgress,
      })
    })
    parts.set(partNumber, partSchema.parse(answer))
  }, signal)
}

async function complete(
  tools: SendTools,
  file: FileToSend,
  { uploadId, parts }: MultipartProgress,
  signal: AbortSignal,
) {
  const inOrder = [...parts.values()].sort((left, right) => left.partNumber - right.partNumber)
  const body = JSON.stringify({ parts: inOrder.map(({ partNumber, etag }) => ({ partNumber, etag })) })
  const answer = await withRetries(tools, signal, () =>
    tools.transport({
      method: 'POST',
      url: uploadDataUrl(file, { uploadId, complete: true }),
      headers: { 'content-type': 'application/json', ...conditionOf(file) },
      body,
      signal,
    }),
  )
  writtenObjectSchema.parse(answer)
}

function conditionOf({ mayReplace }: FileToSend): Record<string, string> {
  return mayReplace ? {} : { 'if-none-match': '*' }
}

function contentTypeOf(file: Blob): string {
  return file.type === '' ? 'application/octet-stream' : file.type
}

function sumOf(parts: Map<number, Part>): number {
  return [...parts.values()].reduce((sum, part) => sum + part.size, 0)
}
