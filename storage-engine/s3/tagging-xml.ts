import { StorageError } from '#storage-engine/errors.ts'
import type { Tag } from '#storage-engine/object-settings.ts'
import {
  childrenOf,
  childText,
  expectChildren,
  expectRoot,
  onlyChild,
  readXml,
  type XmlElement,
} from '#storage-engine/s3/xml-reader.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

/** Reads `<Tagging><TagSet><Tag><Key/><Value/></Tag>…`. Throws MalformedXML; what tags may be is not judged here. */
export function readTagging(content: Buffer): Tag[] {
  const tagSet = onlyChild(expectChildren(expectRoot(readXml(content), 'Tagging'), ['TagSet']), 'TagSet')
  if (tagSet === null) throw new StorageError('MalformedXML')
  return childrenOf(expectChildren(tagSet, ['Tag']), 'Tag').map(readTag)
}

/** Reads one `<Tag>`. Throws MalformedXML. */
export function readTag(tag: XmlElement): Tag {
  const key = childText(expectChildren(tag, ['Key', 'Value']), 'Key')
  const value = childText(tag, 'Value')
  if (key === null || value === null) throw new StorageError('MalformedXML')
  return [key, value]
}

export function taggingXml(tags: readonly Tag[]): string {
  const set = tags.map(([key, value]) => `<Tag>${element('Key', key)}${element('Value', value)}</Tag>`)
  return xmlDocument('Tagging', `<TagSet>${set.join('')}</TagSet>`)
}
