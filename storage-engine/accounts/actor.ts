import { StorageError } from '#storage-engine/errors.ts'

export const NAMESPACE_PERMISSIONS = [
  'object-storage_read',
  'object-storage_write',
  'object-storage_iam_management',
] as const
export type NamespacePermission = (typeof NAMESPACE_PERMISSIONS)[number]
export type NamespaceRole = 'owner' | 'member' | 'auditor'

export interface ActorMembership {
  namespaceId: string
  name: string
  displayName: string
  role: NamespaceRole
  /** What the role comes to, spelled out. */
  permissions: NamespacePermission[]
}

/** A signed-in person and where the request comes from: what every act in the console is judged and audited by. */
export interface Actor {
  userId: string
  username: string
  displayName: string
  isAdministrator: boolean
  memberships: ActorMembership[]
  /** The socket's peer. */
  address: string | null
  requestId: string
}

/** An owner may do everything, an auditor look at everything, a member what was given. */
export function permissionsOf(role: NamespaceRole, granted: string[]): NamespacePermission[] {
  if (role === 'owner') return [...NAMESPACE_PERMISSIONS]
  if (role === 'auditor') return ['object-storage_read']
  return NAMESPACE_PERMISSIONS.filter((permission) => granted.includes(permission))
}

/**
 * The membership by which `actor` may do `permission` in the namespace called `name`.
 * Throws NoSuchNamespace to whoever is not a member, so that names of other tenants do not leak; AccessDenied to a member
 * without the permission, and to a service administrator, who knows the names but sees no tenant data.
 */
export function requirePermission(actor: Actor, name: string, permission: NamespacePermission): ActorMembership {
  const membership = actor.memberships.find((candidate) => candidate.name === name)
  if (membership === undefined) throw new StorageError(actor.isAdministrator ? 'AccessDenied' : 'NoSuchNamespace')
  if (!membership.permissions.includes(permission)) throw new StorageError('AccessDenied')
  return membership
}

/** Throws AccessDenied unless the actor is a service administrator. */
export function requireAdministrator(actor: Actor): void {
  if (!actor.isAdministrator) throw new StorageError('AccessDenied')
}
