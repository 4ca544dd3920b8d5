import { RouteError } from '#lib/server/render-error.ts'

export const JSON_BYTES_MAX = 2 * 1024 * 1024

/** The request's body as parsed JSON, at most 2 MiB. Throws InvalidRequest (400, 413 or 415). */
export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw new RouteError('InvalidRequest', 415, 'Send the body as application/json.')
  const text = await readText(request)
  try {
    return JSON.parse(text)
  } catch {
    throw new RouteError('InvalidRequest', 400, 'The body is not JSON.')
  }
}

async function readText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > JSON_BYTES_MAX) throw new RouteError('InvalidRequest', 413, 'The body is larger than 2 MiB.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
