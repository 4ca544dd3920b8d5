import { newAccessKeyId, newSecret } from '#storage-engine/accounts/issue-access-key.ts'
import { TEMPORARY_KEY_PREFIX } from '#storage-engine/auth/credential.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { IdentityAddress } from '#storage-engine/metadata/identities.ts'

/** A token travels in a header, of which a request may have 16 KiB in all. */
const TOKEN_LENGTH_MAX = 9300
/** What base64 and the seal, of which a remote root key takes up to 1 KiB, leave of it. */
const CONTENT_BYTES_MAX = 5900

/** What temporary credentials stand for. All of it is sealed in the session token; nothing is kept here. */
export interface Session {
  /** In whose place its holder acts; ends when that is deleted. */
  identity: IdentityAddress
  /** The role session's name; null of an identity's own session. */
  sessionName: string | null
  /** Documents that must allow besides. */
  sessionPolicies: string[] | null
  /** Those of the session, besides the role's. */
  tags: Record<string, string>
  /** Milliseconds since the epoch. */
  issuedAt: number
  expiresAt: number
}

export interface TemporaryCredentials {
  /** 20 characters, `ASIA…`. */
  accessKeyId: string
  secretAccessKey: string
  sessionToken: string
  expiresAt: number
}

/** Makes credentials for a session. Throws PackedPolicyTooLarge. */
export async function issueTemporaryCredentials(engine: Engine, session: Session): Promise<TemporaryCredentials> {
  const accessKeyId = newAccessKeyId(TEMPORARY_KEY_PREFIX)
  const secretAccessKey = newSecret()
  const plain = Buffer.from(JSON.stringify({ ...session, secretAccessKey }))
  if (plain.length > CONTENT_BYTES_MAX) throw new StorageError('PackedPolicyTooLarge')
  const sealed = await engine.keyring.sealSecret({ purpose: 'token', context: contextOf(accessKeyId), plain })
  return { accessKeyId, secretAccessKey, sessionToken: sealed.toString('base64'), expiresAt: session.expiresAt }
}

/** What a session token holds; null when it is none of ours, or belongs to another access key id. */
export async function openSessionToken(
  engine: Engine,
  { accessKeyId, sessionToken }: { accessKeyId: string; sessionToken: string },
): Promise<(Session & { secretAccessKey: string }) | null> {
  if (sessionToken.length > TOKEN_LENGTH_MAX) return null
  const sealed = Buffer.from(sessionToken, 'base64')
  try {
    const plain = await engine.keyring.openSecret({ purpose: 'token', context: contextOf(accessKeyId), sealed })
    return JSON.parse(plain.toString('utf8'))
  } catch (error) {
    if (error instanceof SealBrokenError) return null
    throw error
  }
}

/** Tokens of other kinds are sealed by the same key. */
function contextOf(accessKeyId: string): string {
  return `session ${accessKeyId}`
}
