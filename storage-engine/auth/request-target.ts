import { decodePercent } from '#storage-engine/auth/percent-encoding.ts'
import type { Query } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'

const EMPTY_QUERY: Query = { pairs: [], values: new Map() }

/**
 * Splits a raw request target (`/a%2Fb?x=1`). Throws InvalidURI, and InvalidRequest for an absolute one that names another
 * server than `host`, the Host header of the request.
 */
export function splitRequestTarget(raw: string, host = ''): { rawPath: string; query: Query } {
  const target = raw.startsWith('/') ? raw : pathOfAbsoluteForm(raw, host)
  const at = target.indexOf('?')
  if (at === -1) return { rawPath: target, query: EMPTY_QUERY }
  return { rawPath: target.slice(0, at), query: parseQuery(target.slice(at + 1)) }
}

/**
 * RFC 9112 §3.2.2: a server accepts the absolute form too. A proxy goes by the server in it, and a signature covers the
 * Host header: they must not say different things.
 */
function pathOfAbsoluteForm(raw: string, host: string): string {
  const start = /^https?:\/\/([^/?#]+)/i.exec(raw)
  if (start === null) throw new StorageError('InvalidURI')
  if (start[1]?.toLowerCase() !== host.toLowerCase()) {
    throw new StorageError('InvalidRequest', {
      message: 'The request target and the Host header name different servers.',
    })
  }
  const path = raw.slice(start[0].length)
  return path.startsWith('/') ? path : `/${path}`
}

/** Of a query or a form: a plus sign is a space, which in a path it is not. Throws InvalidURI. */
export function parseQuery(raw: string): Query {
  if (raw === '') return EMPTY_QUERY
  const pairs: [string, string][] = []
  const values = new Map<string, string>()
  for (const field of raw.split('&')) {
    if (field === '') continue
    const at = field.indexOf('=')
    const name = decodeField(at === -1 ? field : field.slice(0, at))
    const value = at === -1 ? '' : decodeField(field.slice(at + 1))
    pairs.push([name, value])
    if (!values.has(name)) values.set(name, value)
  }
  return { pairs, values }
}

function decodeField(raw: string): string {
  return decodePercent(raw.includes('+') ? raw.replaceAll('+', ' ') : raw)
}
