import type { PublicAccessBlock } from '#storage-engine/bucket-settings.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { childText, expectChildren, expectRoot, readXml } from '#storage-engine/s3/xml-reader.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

const ROOT = 'PublicAccessBlockConfiguration'
const NAMES = {
  BlockPublicAcls: 'blockPublicAcls',
  IgnorePublicAcls: 'ignorePublicAcls',
  BlockPublicPolicy: 'blockPublicPolicy',
  RestrictPublicBuckets: 'restrictPublicBuckets',
} as const satisfies Record<string, keyof PublicAccessBlock>

/** What is not there is false. Throws MalformedXML. */
export function readPublicAccessBlock(content: Buffer): PublicAccessBlock {
  const root = expectChildren(expectRoot(readXml(content), ROOT), Object.keys(NAMES))
  const entries = Object.entries(NAMES).map(([name, key]) => [key, readFlag(childText(root, name))])
  return Object.fromEntries(entries) as PublicAccessBlock
}

function readFlag(text: string | null): boolean {
  const value = text?.trim().toLowerCase() ?? 'false'
  if (value === 'true' || value === 'false') return value === 'true'
  throw new StorageError('MalformedXML')
}

export function publicAccessBlockXml(block: PublicAccessBlock): string {
  return xmlDocument(
    ROOT,
    Object.entries(NAMES)
      .map(([name, key]) => element(name, block[key]))
      .join(''),
  )
}
