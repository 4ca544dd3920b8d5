import { ApiRequestError, failureOf } from '#lib/fetch-json.ts'

const STALL_MS = 120_000

export interface UploadRequest {
  method: 'PUT' | 'POST' | 'DELETE'
  url: string
  headers: Record<string, string>
  body: Blob | string | null
  signal: AbortSignal
  /** Called with the bytes of the body sent so far. */
  onProgress?: (sentBytes: number) => void
}

/** Sends one request; answers the body of a success as parsed JSON. Throws ApiRequestError, or the signal's reason. */
export type Transport = (request: UploadRequest) => Promise<unknown>

/** XMLHttpRequest, since fetch cannot tell how much of a body is sent. Two silent minutes count as a lost connection. */
export const sendByXhr: Transport = ({ method, url, headers, body, signal, onProgress }) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const xhr = new XMLHttpRequest()
    let stall = setTimeout(() => xhr.abort(), STALL_MS)
    const stayAwake = () => {
      clearTimeout(stall)
      stall = setTimeout(() => xhr.abort(), STALL_MS)
    }
    const cancel = () => xhr.abort()
    signal.addEventListener('abort', cancel, { once: true })

    xhr.open(method, url)
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value)
    xhr.upload.onprogress = (event) => {
      stayAwake()
      onProgress?.(event.loaded)
    }
    xhr.onloadend = () => {
      clearTimeout(stall)
      signal.removeEventListener('abort', cancel)
      if (signal.aborted) reject(signal.reason)
      else if (xhr.status >= 200 && xhr.status < 300) resolve(parseAnswer(xhr))
      else reject(new ApiRequestError(failureOfXhr(xhr)))
    }
    xhr.send(body)
  })

function parseAnswer(xhr: XMLHttpRequest): unknown {
  return xhr.responseText === '' ? null : JSON.parse(xhr.responseText)
}

function failureOfXhr(xhr: XMLHttpRequest) {
  if (xhr.status === 0) return { status: 0, code: 'NetworkError', message: 'No answer', requestId: null }
  return failureOf(xhr.status, xhr.responseText, { get: (name) => xhr.getResponseHeader(name) })
}
