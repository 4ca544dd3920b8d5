export interface FolderAddress {
  namespace: string
  bucket: string
  /** Empty, or ending with a slash. */
  prefix: string
}

/**
 * The page of a folder. Its path reads like the prefix; a prefix that a path cannot carry (empty, "." or ".." segments,
 * which browsers and routers rewrite) goes into the query instead.
 */
export function filesHref({ namespace, bucket, prefix }: FolderAddress, query: Record<string, string> = {}): string {
  const base = `/n/${encodeURIComponent(namespace)}/b/${encodeURIComponent(bucket)}/files`
  const segments = prefix === '' ? [] : prefix.slice(0, -1).split('/')
  const inPath = !segments.some((segment) => /^\.{0,2}$/.test(segment))
  const path = inPath ? [base, ...segments.map(encodeURIComponent)].join('/') : base
  const search = new URLSearchParams({ ...(inPath ? {} : { prefix }), ...query }).toString()
  return search === '' ? path : `${path}?${search}`
}

/** The prefix that a page's address names; the reverse of filesHref. Segments are as the router gives them: encoded. */
export function prefixOfAddress(segments: readonly string[] | undefined, queryPrefix: string | undefined): string {
  if (queryPrefix !== undefined && queryPrefix !== '') return asFolder(queryPrefix)
  if (segments === undefined || segments.length === 0) return ''
  return `${segments.map(decodeSegment).join('/')}/`
}

/** What a person typed as a path, as a prefix. */
export function asFolder(path: string): string {
  return path === '' || path.endsWith('/') ? path : `${path}/`
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
