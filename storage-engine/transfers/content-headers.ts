/** Types that a browser may show in place, because it never runs them. */
const SHOWN_AS_THEY_ARE = new Set([
  'audio/aac',
  'audio/flac',
  'audio/mp4',
  'audio/mpeg',
  'audio/ogg',
  'audio/wav',
  'audio/webm',
  'image/avif',
  'image/bmp',
  'image/gif',
  'image/jpeg',
  'image/png',
  'image/webp',
  'video/mp4',
  'video/ogg',
  'video/webm',
])
/** Types that are text to a person and code to a browser: shown as plain text. */
const SHOWN_AS_TEXT =
  /^(text\/.+|application\/(json|.+\+json|xml|.+\+xml|javascript|x-ndjson|yaml|x-yaml|toml|sql|x-sh)|image\/svg\+xml)$/
/** Controls, and the bidirectional marks that make `gpj.exe` read `exe.jpg`. */
const MISLEADING = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/**
 * How a stored object's bytes are presented on the console's origin, where they must never execute: shown when they are
 * inert, as text when they are readable, else saved to a file.
 */
export function contentHeaders(input: {
  key: string
  contentType: string
  disposition: 'inline' | 'attachment'
}): Record<string, string> {
  const type = input.contentType.split(';')[0]?.trim().toLowerCase() ?? ''
  const shownType = SHOWN_AS_THEY_ARE.has(type) ? type : SHOWN_AS_TEXT.test(type) ? 'text/plain; charset=utf-8' : null
  const isShown = input.disposition === 'inline' && shownType !== null
  return {
    'content-type': isShown ? shownType : 'application/octet-stream',
    'content-disposition': `${isShown ? 'inline' : 'attachment'}; ${fileNameParameters(input.key)}`,
    'content-security-policy': "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
    'cross-origin-resource-policy': 'same-origin',
  }
}

/** RFC 6266: a plain name for old software, and the real one. */
function fileNameParameters(key: string): string {
  const name = (key.split('/').findLast((segment) => segment !== '') ?? key).replace(MISLEADING, '_').toWellFormed()
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `filename="${plain}"; filename*=UTF-8''${encoded}`
}
