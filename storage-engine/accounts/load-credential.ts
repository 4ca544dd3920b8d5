import { openSessionToken } from '#storage-engine/accounts/session-token.ts'
import { BUILTIN_POLICIES } from '#storage-engine/auth/builtin-policies.ts'
import { type Credential, createCredential, TEMPORARY_KEY_PREFIX } from '#storage-engine/auth/credential.ts'
import type { Principal } from '#storage-engine/auth/principal.ts'
import { uniqueIdOf } from '#storage-engine/auth/unique-id.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { type FoundIdentity, findAccessKey, findIdentity } from '#storage-engine/metadata/accounts.ts'

/** How somebody signs for an identity. */
interface Signing {
  /** Null of access keys, and of temporary credentials that are no role's. */
  sessionName: string | null
  sessionPolicies: readonly string[] | null
  sessionTags: Record<string, string>
  isTemporary: boolean
  /** Of temporary credentials. */
  issuedAt?: number
}

const WITH_ACCESS_KEY: Signing = { sessionName: null, sessionPolicies: null, sessionTags: {}, isTemporary: false }

/**
 * The credential of an access key that may be used now, or of temporary credentials, with whatever its holder may do.
 * Null for a key that does not exist, is inactive or has expired, and for a token that is not the key's.
 */
export async function loadCredential(
  engine: Engine,
  input: { accessKeyId: string; sessionToken: string | null; now: number },
): Promise<Credential | null> {
  const { accessKeyId, sessionToken, now } = input
  if (accessKeyId.startsWith(TEMPORARY_KEY_PREFIX)) {
    return sessionToken === null ? null : loadTemporary(engine, { accessKeyId, sessionToken })
  }
  const found = await findAccessKey(engine.db, { accessKeyId })
  if (found === null || found.state !== 'active') return null
  if (found.expiresAt !== null && found.expiresAt.getTime() <= now) return null
  const secret = await engine.keyring.openSecret({
    purpose: 'credential',
    context: accessKeyId,
    sealed: found.sealedSecret,
  })
  const { holder } = found
  const principal = principalOf(holder, WITH_ACCESS_KEY)
  return createCredential({ accessKeyId, principal, secret, refusesSigV2: holder.refusesSigV2 })
}

async function loadTemporary(
  engine: Engine,
  input: { accessKeyId: string; sessionToken: string },
): Promise<Credential | null> {
  const session = await openSessionToken(engine, input)
  if (session === null) return null
  const identity = await findIdentity(engine.db, session.identity)
  if (identity === null) return null
  const { sessionName, sessionPolicies, tags: sessionTags, issuedAt, expiresAt, secretAccessKey } = session
  const principal = principalOf(identity, { sessionName, sessionPolicies, sessionTags, isTemporary: true, issuedAt })
  return createCredential({
    accessKeyId: input.accessKeyId,
    principal,
    secret: Buffer.from(secretAccessKey),
    expiresAt,
    refusesSigV2: identity.refusesSigV2,
  })
}

function principalOf(identity: FoundIdentity, signing: Signing): Principal {
  const { id, namespaceId, namespaceName, accountId, iamEpoch, owner } = identity
  const { sessionPolicies, isTemporary } = signing
  const identityPolicies = [...identity.policies, ...identity.builtinPolicies.map(documentOf)]
  const common = {
    id,
    namespaceId,
    namespaceName,
    accountId,
    iamEpoch,
    identityPolicies,
    sessionPolicies,
    isTemporary,
    ...(signing.issuedAt === undefined ? {} : { issuedAt: signing.issuedAt }),
  }
  if (identity.kind === 'object-user') {
    const { canonicalId, displayName, isRoot } = identity
    return { kind: 'object-user', ...common, canonicalId, displayName, isRoot }
  }
  const { name, path } = identity
  const tags = effectiveTags(identity.tags, signing.sessionTags)
  if (identity.kind === 'storage-account') {
    return { kind: 'storage-account', ...common, name, path, owner, tags, uniqueId: uniqueIdOf('user', id) }
  }
  const sessionName = signing.sessionName as string
  const uniqueId = uniqueIdOf('role', id)
  return { kind: 'role-session', ...common, roleName: name, path, owner, tags, uniqueId, sessionName }
}

/** A session's tag takes the place of the identity's; conditions see no difference in the case of their keys. */
function effectiveTags(own: Record<string, string>, ofSession: Record<string, string>): Map<string, string> {
  const replaced = new Set(Object.keys(ofSession).map((key) => key.toLowerCase()))
  const kept = Object.entries(own).filter(([key]) => !replaced.has(key.toLowerCase()))
  return new Map([...kept, ...Object.entries(ofSession)])
}

function documentOf(builtinName: string): string {
  const policy = BUILTIN_POLICIES.get(builtinName)
  // A right that is not understood could be a denial, so it must not be left out.
  if (policy === undefined) throw new Error(`the attached policy ${builtinName} is not known here`)
  return policy.document
}
