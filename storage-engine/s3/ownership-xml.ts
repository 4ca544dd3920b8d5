import type { Headers } from '#storage-engine/auth/wire-request.ts'
import type { BucketSettings } from '#storage-engine/bucket-settings.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { childText, expectChildren, expectRoot, onlyChild, readXml } from '#storage-engine/s3/xml-reader.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

export type Ownership = NonNullable<BucketSettings['ownership']>

const VALUES: readonly string[] = ['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter']
const HEADER = 'x-amz-object-ownership'

/** Reads an OwnershipControls document, which has exactly one rule. Throws MalformedXML. */
export function readOwnershipControls(content: Buffer): Ownership {
  const root = expectChildren(expectRoot(readXml(content), 'OwnershipControls'), ['Rule'])
  const rule = onlyChild(root, 'Rule')
  const value = rule === null ? null : childText(expectChildren(rule, ['ObjectOwnership']), 'ObjectOwnership')?.trim()
  if (value === null || value === undefined || !VALUES.includes(value)) throw new StorageError('MalformedXML')
  return value as Ownership
}

export function ownershipControlsXml(ownership: Ownership): string {
  return xmlDocument('OwnershipControls', `<Rule>${element('ObjectOwnership', ownership)}</Rule>`)
}

/** x-amz-object-ownership of CreateBucket; null without it. Throws InvalidArgument. */
export function readOwnershipHeader(headers: Headers): Ownership | null {
  const value = headers.get(HEADER)
  if (value === undefined) return null
  if (VALUES.includes(value)) return value as Ownership
  throw new StorageError('InvalidArgument', {
    message: 'Invalid x-amz-object-ownership header',
    extra: { ArgumentName: HEADER, ArgumentValue: value },
  })
}
