import type { z } from 'zod'
import { apiErrorSchema } from '#lib/schemas/api-error.ts'
import type { Notice } from '#lib/schemas/notice.ts'

export interface ApiFailure {
  /** HTTP status; 0 when no answer came. */
  status: number
  /** S3's code where S3 has one; `NetworkError` when no answer came. */
  code: string
  message: string
  requestId: string | null
  /** What `message` says, where it says more than the code. */
  notice?: Notice
  /** Of InvalidArgument: what is wrong, by dotted path of the input. */
  fields?: Record<string, string>
}

/** A refusal of the server, or of the network, with what a person needs to report it. */
export class ApiRequestError extends Error {
  readonly failure: ApiFailure

  constructor(failure: ApiFailure, options?: ErrorOptions) {
    super(failure.message, options)
    this.name = 'ApiRequestError'
    this.failure = failure
  }
}

interface JsonRequest<Schema extends z.ZodType> {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Sent as JSON. */
  body?: unknown
  /** What a success must look like; without one the answer's body is not read. */
  schema?: Schema
  signal?: AbortSignal
}

/** Asks a JSON route and checks its answer. Throws ApiRequestError. */
export async function fetchJson<Schema extends z.ZodType>(
  url: string,
  { method = 'GET', body, schema, signal }: JsonRequest<Schema> = {},
): Promise<z.output<Schema>> {
  const response = await reach(url, {
    method,
    headers: { accept: 'application/json', ...(method === 'GET' ? {} : { 'content-type': 'application/json' }) },
    credentials: 'same-origin',
    ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
    ...(signal === undefined ? {} : { signal }),
  })
  if (!response.ok) throw new ApiRequestError(failureOf(response.status, await response.text(), response.headers))
  if (schema === undefined) return undefined as z.output<Schema>
  return schema.parse(await response.json())
}

/** Reads the failure out of any answer, also of one that is not ours (a proxy's HTML page). */
export function failureOf(status: number, text: string, headers: { get(name: string): string | null }): ApiFailure {
  const parsed = apiErrorSchema.safeParse(parseJson(text))
  if (parsed.success) {
    const { notice, fields, ...error } = parsed.data.error
    return { status, ...error, ...(notice !== undefined && { notice }), ...(fields !== undefined && { fields }) }
  }
  return { status, code: `Http${status}`, message: `HTTP ${status}`, requestId: headers.get('x-request-id') }
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (cause) {
    if (init.signal?.aborted) throw cause
    throw new ApiRequestError({ status: 0, code: 'NetworkError', message: String(cause), requestId: null }, { cause })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
