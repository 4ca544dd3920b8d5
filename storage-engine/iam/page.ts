import { StorageError } from '#storage-engine/errors.ts'
import { optionalInteger, optionalText, type Parameters } from '#storage-engine/iam/parameters.ts'
import { element } from '#storage-engine/xml-text.ts'

const ITEMS_DEFAULT = 100
const ITEMS_MAX = 1000
const MARKER = { lengthMax: 1024 }

export interface Page {
  /** What the page begins behind; '' at the start. */
  after: string
  limit: number
}

/** MaxItems and Marker. Throws ValidationError. */
export function readPage(parameters: Parameters): Page {
  const limit = optionalInteger(parameters, 'MaxItems', { min: 1, max: ITEMS_MAX }) ?? ITEMS_DEFAULT
  const marker = optionalText(parameters, 'Marker', MARKER)
  return { after: marker === null ? '' : decodeMarker(marker), limit }
}

/** Cuts what was asked with one more than the page holds, and says where the next one begins. */
export function cutPage<Item>(
  items: Item[],
  { limit }: Page,
  keyOf: (item: Item) => string,
): { items: Item[]; end: string } {
  const last = items.length > limit ? items[limit - 1] : undefined
  if (last === undefined) return { items, end: element('IsTruncated', false) }
  const marker = Buffer.from(keyOf(last)).toString('base64url')
  return { items: items.slice(0, limit), end: element('IsTruncated', true) + element('Marker', marker) }
}

/** The page of a list that is short enough to be had whole, and sorted by its keys. */
export function pageOf<Item>(all: Item[], page: Page, keyOf: (item: Item) => string): { items: Item[]; end: string } {
  const rest = all.filter((item) => keyOf(item) > page.after)
  return cutPage(rest, page, keyOf)
}

function decodeMarker(marker: string): string {
  const text = Buffer.from(marker, 'base64url').toString('utf8')
  if (text === '' || text.includes('\0')) throw new StorageError('ValidationError', { message: 'Invalid Marker.' })
  return text
}
