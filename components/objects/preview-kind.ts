const MEBIBYTE = 1024 * 1024

export const IMAGE_BYTES_MAX = 32 * MEBIBYTE
export const TEXT_BYTES_MAX = MEBIBYTE

/** Raster formats only: an SVG is a document that may carry scripts. */
const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp']
const TEXT_TYPES =
  /^(?:text\/[\w.+-]+|application\/(?:xml|yaml|toml|x-sh|javascript|sql|x-ndjson)|image\/svg\+xml|[\w.+-]+\/[\w.+-]+\+xml)$/
const TEXT_NAMES =
  /\.(?:txt|md|markdown|csv|tsv|log|ya?ml|toml|ini|conf|xml|html?|css|m?[jt]sx?|py|rb|go|rs|java|c|h|sh|sql|env|tf)$/i

export type PreviewKind = 'image' | 'image-too-large' | 'json' | 'text' | 'none'

interface PreviewSubject {
  key: string
  /** As stored, parameters included. */
  contentType: string
  size: number
}

/** How an object may be looked at without ever running it. A type that says nothing is judged by its name. */
export function previewKindOf({ key, contentType, size }: PreviewSubject): PreviewKind {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? ''
  const silent = type === '' || type === 'application/octet-stream' || type === 'binary/octet-stream'
  if (IMAGE_TYPES.includes(type)) return size > IMAGE_BYTES_MAX ? 'image-too-large' : 'image'
  if (type === 'application/json' || type.endsWith('+json')) return 'json'
  if (silent && /\.(?:json|geojson)$/i.test(key)) return 'json'
  if (TEXT_TYPES.test(type)) return 'text'
  return silent && TEXT_NAMES.test(key) ? 'text' : 'none'
}

/** JSON indented by two; whatever is not JSON, or is cut off, as it is. */
export function indentJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
