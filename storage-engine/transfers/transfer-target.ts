import { StorageError } from '#storage-engine/errors.ts'

export const TRANSFER_PATH_PREFIX = '/_data/'
const KEY_BYTES_MAX = 1024

export interface TransferTarget {
  namespace: string
  bucket: string
  /** What follows the bucket: `object`, `uploads`, `uploads/<id>/parts/<n>`… */
  resource: string
  key: string
  /** Other query parameters by name; of a repeated one the last. */
  query: Map<string, string>
}

/**
 * Reads `/_data/<namespace>/<bucket>/<resource>?key=…` from the raw request target. Every part is percent-decoded once.
 * Throws InvalidURI for anything else, KeyTooLongError for a key over 1,024 bytes.
 */
export function parseTransferTarget(rawTarget: string): TransferTarget {
  const [path = '', rawQuery = ''] = splitOnce(rawTarget, '?')
  const [namespace = '', bucket = '', ...resource] = path.slice(TRANSFER_PATH_PREFIX.length).split('/').map(decode)
  const query = parseQuery(rawQuery)
  const key = query.get('key') ?? ''
  query.delete('key')
  if (!path.startsWith(TRANSFER_PATH_PREFIX) || namespace === '' || bucket === '' || key === '') {
    throw new StorageError('InvalidURI')
  }
  if (key.includes('\0')) throw new StorageError('InvalidURI')
  if (Buffer.byteLength(key) > KEY_BYTES_MAX) throw new StorageError('KeyTooLongError')
  return { namespace, bucket, resource: resource.join('/'), key, query }
}

function parseQuery(rawQuery: string): Map<string, string> {
  const query = new Map<string, string>()
  for (const pair of rawQuery.split('&')) {
    const [name = '', value = ''] = splitOnce(pair.replaceAll('+', ' '), '=')
    query.set(decode(name), decode(value))
  }
  return query
}

/** Unlike URLSearchParams it refuses what is not UTF-8, so that no two targets mean the same key. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new StorageError('InvalidURI', { cause })
  }
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)]
}
