import type { Owner } from '#storage-engine/s3/owner-directory.ts'
import { element } from '#storage-engine/xml-text.ts'

/** `<Owner><ID>…</ID><DisplayName>…</DisplayName></Owner>`, or another element of that shape. */
export function ownerXml(name: string, owner: Owner | undefined): string {
  if (owner === undefined) return ''
  return `<${name}>${element('ID', owner.canonicalId)}${element('DisplayName', owner.displayName)}</${name}>`
}
