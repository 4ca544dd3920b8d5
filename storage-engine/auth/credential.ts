import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { ANONYMOUS, type Principal } from '#storage-engine/auth/principal.ts'

/** How long a revoked key may still be served: the documented delay. */
const CREDENTIAL_TTL_MS = 5_000
const CREDENTIALS_MAX = 10_000
/** Policies and session tokens may be long, so what is remembered is bounded by its characters, too. */
const CHARACTERS_MAX = 16 * 1024 ** 2
const CREDENTIAL_CHARACTERS = 1_000
/** Regions and days that one credential is used with at a time; a caller may invent regions, so the count is bounded. */
const SIGNING_KEYS_MAX = 8

/** An access key that may be used now, with its secret opened. */
export interface Credential {
  accessKeyId: string
  principal: Principal
  secret: Buffer
  /** Of temporary credentials, which go with a session token, in milliseconds; null of an access key. */
  expiresAt: number | null
  /** Its namespace takes no signatures of version 2. */
  refusesSigV2: boolean
  /** By `day/region/service`. */
  signingKeys: Map<string, KeyObject>
}

/** Resolves to null for a key that does not exist, is inactive, or has expired, and for a session token that is not its own. */
export type FindCredential = (
  accessKeyId: string,
  sessionToken: string | null,
) => Credential | null | Promise<Credential | null>

/** Access key ids of temporary credentials begin so. */
export const TEMPORARY_KEY_PREFIX = 'ASIA'

/** Verified against when a key is unknown, so that the time of the answer does not tell. */
export const DUMMY_CREDENTIAL = createCredential({ accessKeyId: '', principal: ANONYMOUS, secret: randomBytes(30) })

export function createCredential(
  input: Omit<Credential, 'signingKeys' | 'expiresAt' | 'refusesSigV2'> & {
    expiresAt?: number
    refusesSigV2?: boolean
  },
): Credential {
  const { expiresAt = null, refusesSigV2 = false } = input
  return { ...input, expiresAt, refusesSigV2, signingKeys: new Map() }
}

export interface CredentialCache {
  find: FindCredential
  /** Past what is remembered: whatever was changed before the call counts. */
  refresh(accessKeyId: string, sessionToken: string | null): Promise<Credential | null>
}

/**
 * Keeps what `load` found for 5 s, and asks once for many callers at a time. What was not found is asked again each time:
 * a key works the moment it is issued. `now` is in milliseconds.
 */
export function cacheCredentials(
  load: (accessKeyId: string, sessionToken: string | null) => Promise<Credential | null>,
  now: () => number,
): CredentialCache {
  const cache = new LRUCache<string, Credential>({
    max: CREDENTIALS_MAX,
    maxSize: CHARACTERS_MAX,
    ttl: CREDENTIAL_TTL_MS,
    ttlResolution: 0,
    perf: { now },
  })
  const loading = new Map<string, Promise<Credential | null>>()
  return {
    find(accessKeyId, sessionToken) {
      // With another token it would be another credential.
      const name = sessionToken === null ? accessKeyId : `${accessKeyId}\n${sessionToken}`
      return cache.get(name) ?? loading.get(name) ?? startLoading(name, load(accessKeyId, sessionToken))
    },
    refresh(accessKeyId, sessionToken) {
      const name = sessionToken === null ? accessKeyId : `${accessKeyId}\n${sessionToken}`
      return keep(name, load(accessKeyId, sessionToken))
    },
  }

  function startLoading(name: string, loaded: Promise<Credential | null>): Promise<Credential | null> {
    const promise = keep(name, loaded).finally(() => loading.delete(name))
    loading.set(name, promise)
    return promise
  }

  async function keep(name: string, loaded: Promise<Credential | null>): Promise<Credential | null> {
    const credential = await loaded
    if (credential === null) cache.delete(name)
    else cache.set(name, credential, { size: name.length + charactersOf(credential) })
    return credential
  }
}

function charactersOf({ principal }: Credential): number {
  if (principal.kind === 'anonymous') return CREDENTIAL_CHARACTERS
  const policies = [...principal.identityPolicies, ...(principal.sessionPolicies ?? [])]
  return policies.reduce((sum, { length }) => sum + length, CREDENTIAL_CHARACTERS)
}

/** The SigV4 signing key of a scope. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
export function signingKeyOf(
  credential: Credential,
  scope: { day: string; region: string; service: string },
): KeyObject {
  const name = `${scope.day}/${scope.region}/${scope.service}`
  const known = credential.signingKeys.get(name)
  if (known !== undefined) return known
  if (credential.signingKeys.size >= SIGNING_KEYS_MAX) credential.signingKeys.clear()
  const start = Buffer.concat([Buffer.from('AWS4'), credential.secret])
  const steps = [scope.day, scope.region, scope.service, 'aws4_request']
  // A KeyObject keeps the key in native memory: an HMAC with it costs a quarter of one with a Buffer.
  const key = createSecretKey(steps.reduce((parent, text) => createHmac('sha256', parent).update(text).digest(), start))
  credential.signingKeys.set(name, key)
  return key
}
