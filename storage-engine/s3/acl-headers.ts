import {
  CANNED_ACLS,
  type CannedAcl,
  type ObjectOwnership,
  ownershipOfNewObject,
  type RequestedAcl,
} from '#storage-engine/auth/object-ownership.ts'
import type { Headers } from '#storage-engine/auth/wire-request.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { ObjectSettings, Permission } from '#storage-engine/object-settings.ts'
import { type NamedGrant, resolveGrants } from '#storage-engine/s3/grantees.ts'
import type { KeyRequest } from '#storage-engine/s3/s3-request.ts'

const CANNED = 'x-amz-acl'
const GRANTS: readonly [header: string, permission: Permission][] = [
  ['x-amz-grant-read', 'READ'],
  ['x-amz-grant-write', 'WRITE'],
  ['x-amz-grant-read-acp', 'READ_ACP'],
  ['x-amz-grant-write-acp', 'WRITE_ACP'],
  ['x-amz-grant-full-control', 'FULL_CONTROL'],
]
const GRANTEE = /^(id|emailAddress|uri)\s*=\s*(?:"([^"]*)"|([^",\s][^",]*))$/i

/**
 * To whom the object of a write belongs and what its ACL is. Without x-amz-grant-* no promise.
 * Throws AccessControlListNotSupported, AccessDenied, InvalidArgument, InvalidRequest, UnresolvableGrantByEmailAddress.
 */
export function readOwnership(
  request: Pick<KeyRequest, 'engine' | 'headers' | 'bucket' | 'ownerId' | 'access'>,
): ObjectOwnership | Promise<ObjectOwnership> {
  const { bucket, ownerId } = request
  const requested = readRequestedAcl(request.engine, request.headers)
  const settle = (acl: RequestedAcl) => {
    const owned = ownershipOfNewObject(bucket, { writerId: ownerId, requested: acl })
    if (acl.kind !== 'none') checkMayGrant(request, owned)
    return owned
  }
  return requested instanceof Promise ? requested.then(settle) : settle(requested)
}

/**
 * An object user owns what it writes, and with it the ACL; only a Deny takes that away. Storage accounts and roles write for
 * somebody else, so they need a right of its own to let others in; an ACL that lets nobody in is no such thing.
 */
function checkMayGrant({ access }: Pick<KeyRequest, 'access'>, { acl }: ObjectOwnership): void {
  const { kind } = access.principal
  if (acl === null || kind === 'object-user' || kind === 'anonymous') access.checkNotDenied('s3:PutObjectAcl')
  else access.check('s3:PutObjectAcl')
}

/** The settings of a write with its ACL; null when there is nothing to store. */
export function withAcl(settings: ObjectSettings | null, { acl }: ObjectOwnership): ObjectSettings | null {
  return acl === null ? settings : { ...settings, acl }
}

/** What ACL the headers ask for. Throws InvalidArgument, InvalidRequest, UnresolvableGrantByEmailAddress. */
export function readRequestedAcl(engine: Engine, headers: Headers): RequestedAcl | Promise<RequestedAcl> {
  const canned = headers.get(CANNED)
  const named = readGrants(headers)
  if (canned !== undefined && named !== null) {
    throw new StorageError('InvalidRequest', {
      message: 'Specifying both Canned ACLs and Header Grants is not allowed',
    })
  }
  if (canned !== undefined) return { kind: 'canned', name: checkCanned(canned) }
  if (named === null) return { kind: 'none' }
  return resolveGrants(engine, named).then((grants) => ({ kind: 'grants', grants }))
}

function checkCanned(name: string): CannedAcl {
  if ((CANNED_ACLS as readonly string[]).includes(name)) return name as CannedAcl
  throw new StorageError('InvalidArgument', { extra: { ArgumentName: CANNED, ArgumentValue: name } })
}

/** `id="…", uri="…"`, as often as one likes. Null without any such header. */
function readGrants(headers: Headers): NamedGrant[] | null {
  let named: NamedGrant[] | null = null
  for (const [header, permission] of GRANTS) {
    const value = headers.get(header)
    if (value === undefined) continue
    named ??= []
    for (const grantee of value.split(',')) named.push(readGrantee(grantee, { header, permission }))
  }
  return named
}

function readGrantee(text: string, { header, permission }: { header: string; permission: Permission }): NamedGrant {
  const [, kind, quoted, plain] = GRANTEE.exec(text.trim()) ?? []
  const value = quoted ?? plain ?? ''
  if (kind === undefined || value === '') {
    throw new StorageError('InvalidArgument', {
      message: 'Argument format not recognized',
      extra: { ArgumentName: header, ArgumentValue: text },
    })
  }
  const by = kind.toLowerCase() === 'emailaddress' ? 'emailAddress' : (kind.toLowerCase() as 'id' | 'uri')
  return { by, value, permission }
}
