import type { ServerResponse } from 'node:http'
import { StorageError } from '#storage-engine/errors.ts'
import { type ErrorContext, errorXml } from '#storage-engine/s3/error-response.ts'
import { type S3Response, XML_TYPE } from '#storage-engine/s3/s3-response.ts'
import { XML_DECLARATION } from '#storage-engine/xml-text.ts'

/**
 * Waits for a long operation. When it takes more than one interval, the client gets 200 and white space, and the outcome,
 * an error too, as the XML behind it; resolves to null then. Else resolves to the response, for the caller to send.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
 */
export async function withKeepAlive(
  res: ServerResponse,
  input: {
    work: Promise<S3Response>
    /** Called when the 200 goes out. */
    headers: () => string[]
    context: ErrorContext
    intervalMs: number
    onError(error: unknown): void
    /** Called with what ends an answer that has begun. */
    onEnd(text: string): void
  },
): Promise<S3Response | null> {
  let hasStarted = false
  const end = (text: string) => {
    input.onEnd(text)
    res.end(text)
  }
  const timer = setInterval(() => {
    if (!hasStarted) res.writeHead(200, ['Content-Type', XML_TYPE, ...input.headers()])
    res.write(hasStarted ? ' ' : XML_DECLARATION)
    hasStarted = true
  }, input.intervalMs)
  try {
    const response = await input.work
    if (!hasStarted) return response
    end(String(response.body).replace(XML_DECLARATION, ''))
  } catch (error) {
    if (!hasStarted) throw error
    input.onError(error)
    end(errorXml(error instanceof StorageError ? error : new StorageError('InternalError'), input.context))
  } finally {
    clearInterval(timer)
  }
  return null
}
