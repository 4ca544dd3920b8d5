import type {
  ObjectUserPrincipal,
  RoleSessionPrincipal,
  StorageAccountPrincipal,
} from '#storage-engine/auth/principal.ts'

const signed = (id: string, namespaceId: string) => ({
  id,
  namespaceId,
  namespaceName: namespaceId,
  accountId: namespaceId,
  iamEpoch: 0,
  identityPolicies: [],
  sessionPolicies: null,
  isTemporary: false,
})

/** Object users whose ids are their names; `root` is the root user. Namespaces go by their names too. */
export function objectUser(
  id: string,
  namespaceId: string,
  rights: Partial<ObjectUserPrincipal> = {},
): ObjectUserPrincipal {
  const isRoot = id === 'root'
  const own = isRoot ? `${namespaceId}-root` : id
  return { ...signed(own, namespaceId), kind: 'object-user', isRoot, canonicalId: own, displayName: own, ...rights }
}

export function storageAccount(
  name: string,
  namespaceId: string,
  rights: Partial<StorageAccountPrincipal> = {},
): StorageAccountPrincipal {
  const own = { uniqueId: `ID${name}`, path: '/', owner: rootOf(namespaceId), tags: new Map<string, string>() }
  return { ...signed(name, namespaceId), ...own, kind: 'storage-account', name, ...rights }
}

export function roleSession(
  roleName: string,
  namespaceId: string,
  rights: Partial<RoleSessionPrincipal> = {},
): RoleSessionPrincipal {
  const own = { uniqueId: `ID${roleName}`, path: '/', owner: rootOf(namespaceId), tags: new Map<string, string>() }
  return { ...signed(roleName, namespaceId), ...own, kind: 'role-session', roleName, sessionName: 'session', ...rights }
}

function rootOf(namespaceId: string): { id: string; canonicalId: string; displayName: string } {
  const id = `${namespaceId}-root`
  return { id, canonicalId: id, displayName: id }
}
