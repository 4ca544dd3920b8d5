import { StorageError } from '#storage-engine/errors.ts'
import type { Acl, Permission } from '#storage-engine/object-settings.ts'
import { GROUP_URIS, type NamedGrant } from '#storage-engine/s3/grantees.ts'
import type { Owner, OwnerDirectory } from '#storage-engine/s3/owner-directory.ts'
import { ownerXml } from '#storage-engine/s3/owner-xml.ts'
import { childrenOf, childText, onlyChild, readXml, type XmlElement } from '#storage-engine/s3/xml-reader.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

const PERMISSIONS: readonly string[] = ['FULL_CONTROL', 'READ', 'READ_ACP', 'WRITE', 'WRITE_ACP']
const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

/** An AccessControlPolicy as a client sends it. */
export interface AccessControlPolicy {
  /** Canonical id of the owner that it names; null when it names none. */
  ownerId: string | null
  grants: NamedGrant[]
}

/** Throws MalformedACLError. Who a grantee is, its elements say; `xsi:type` only repeats it. */
export function readAccessControlPolicy(content: Buffer): AccessControlPolicy {
  try {
    const root = readXml(content)
    const list = onlyChild(root, 'AccessControlList')
    if (root.name !== 'AccessControlPolicy' || list === null) throw new StorageError('MalformedACLError')
    const owner = onlyChild(root, 'Owner')
    const ownerId = owner === null ? null : childText(owner, 'ID')
    return { ownerId: ownerId === null ? null : ownerId.trim(), grants: childrenOf(list, 'Grant').map(readGrant) }
  } catch (cause) {
    if (!(cause instanceof StorageError) || cause.code !== 'MalformedXML') throw cause
    throw new StorageError('MalformedACLError', { cause })
  }
}

/** One `<Grant>`, also of a logging configuration. Throws MalformedACLError. */
export function readGrant(grant: XmlElement): NamedGrant {
  const grantee = onlyChild(grant, 'Grantee')
  const permission = childText(grant, 'Permission')?.trim()
  if (grantee === null || permission === undefined || !PERMISSIONS.includes(permission)) {
    throw new StorageError('MalformedACLError')
  }
  const named = { permission: permission as Permission }
  const uri = childText(grantee, 'URI')
  if (uri !== null) return { ...named, by: 'uri', value: uri.trim() }
  const email = childText(grantee, 'EmailAddress')
  if (email !== null) return { ...named, by: 'emailAddress', value: email.trim() }
  const id = childText(grantee, 'ID')
  if (id === null) throw new StorageError('MalformedACLError')
  return { ...named, by: 'id', value: id.trim() }
}

/** Who owns something, and what its ACL grants; without an ACL its owner everything. */
export async function aclXml(
  owners: OwnerDirectory,
  { ownerId, acl }: { ownerId: string; acl: Acl | undefined },
): Promise<string> {
  const grants: Acl = acl ?? [{ grantee: { kind: 'user', id: ownerId }, permission: 'FULL_CONTROL' }]
  const owner = await owners.getOwner(ownerId)
  const known = await owners.findOwners(grants.flatMap(({ grantee }) => (grantee.kind === 'user' ? [grantee.id] : [])))
  const list = `<AccessControlList>${grantsXml(grants, known)}</AccessControlList>`
  return xmlDocument('AccessControlPolicy', `${ownerXml('Owner', owner)}${list}`)
}

/** Groups first. A grantee that is gone has no right any more, and is left out. */
export function grantsXml(grants: Acl, owners: ReadonlyMap<string, Owner>): string {
  const groups = grants.filter(({ grantee }) => grantee.kind === 'group')
  const users = grants.filter(({ grantee }) => grantee.kind === 'user')
  return [...groups, ...users]
    .map(({ grantee, permission }) => {
      if (grantee.kind === 'group') return grantXml('Group', element('URI', GROUP_URIS[grantee.group]), permission)
      const owner = owners.get(grantee.id)
      if (owner === undefined) return ''
      const fields = element('ID', owner.canonicalId) + element('DisplayName', owner.displayName)
      return grantXml('CanonicalUser', fields, permission)
    })
    .join('')
}

function grantXml(type: string, grantee: string, permission: Permission): string {
  return `<Grant><Grantee ${XSI} xsi:type="${type}">${grantee}</Grantee>${element('Permission', permission)}</Grant>`
}
