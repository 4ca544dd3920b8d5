import { randomBytes } from 'node:crypto'
import type { BlockList } from 'node:net'
import { LRUCache } from 'lru-cache'
import { createKeyUses, type KeyUses } from '#storage-engine/accounts/key-uses.ts'
import { loadCredential } from '#storage-engine/accounts/load-credential.ts'
import type { AuthenticateDependencies } from '#storage-engine/auth/authenticate.ts'
import { trustedProxiesOf } from '#storage-engine/auth/client-address.ts'
import { type CredentialCache, cacheCredentials } from '#storage-engine/auth/credential.ts'
import { uniqueIdOf } from '#storage-engine/auth/unique-id.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { findObjectUsers } from '#storage-engine/metadata/accounts.ts'
import type { Database } from '#storage-engine/metadata/database.ts'
import { findStorageAccountNames } from '#storage-engine/metadata/grantees.ts'
import { findNamespaceByName } from '#storage-engine/metadata/namespaces.ts'
import { type AccessLogBuffer, createAccessLogBuffer } from '#storage-engine/s3/access-log-buffer.ts'
import { createOwnerDirectory, type Owner, type OwnerDirectory } from '#storage-engine/s3/owner-directory.ts'
import { createStallWatch, type StallWatch } from '#storage-engine/s3/stall-watch.ts'

/** How long a host label may still be read as it was before a namespace of that name came. */
const NAMESPACE_TTL_MS = 5_000
const NAMESPACE_NAMES_MAX = 10_000
/** A DNS label, as names of namespaces are. */
const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** What the door keeps between requests. */
export interface Gateway extends AuthenticateDependencies {
  engine: Engine
  refreshCredential: CredentialCache['refresh']
  keyUses: KeyUses
  owners: OwnerDirectory
  accessLog: AccessLogBuffer
  stallWatch: StallWatch
  /** Whose X-Forwarded-For is believed; null: nobody's. */
  trustedProxies: BlockList | null
  isNamespace(name: string): Promise<boolean>
  newRequestId(): string
  /** Constant of the process, in x-amz-id-2. */
  hostId: string
  /** Of a long operation. */
  whiteSpaceIntervalMs: number
  /** Set when the server is closing: every answer then ends its connection. */
  isDraining: boolean
}

export interface GatewayOptions {
  /** A body that moves no byte for this long is given up. */
  stallTimeoutMs: number
  /** A long operation shows the client so often that it is alive. */
  whiteSpaceIntervalMs: number
  /** Records of access logs are handed to Postgres so often. */
  accessLogIntervalMs: number
  /** Milliseconds since the epoch. */
  now(): number
}

export function createGateway(engine: Engine, options: GatewayOptions): Gateway {
  const { stallTimeoutMs, whiteSpaceIntervalMs, accessLogIntervalMs, now } = options
  const { db } = engine
  const { find, refresh } = cacheCredentials(
    (accessKeyId, sessionToken) => loadCredential(engine, { accessKeyId, sessionToken, now: now() }),
    now,
  )
  const owners = createOwnerDirectory((ids) => findOwners(db, ids))
  return {
    engine,
    now,
    findCredential: find,
    refreshCredential: refresh,
    keyUses: createKeyUses(engine, { now }),
    owners,
    accessLog: createAccessLogBuffer(engine, { owners, intervalMs: accessLogIntervalMs }),
    trustedProxies: trustedProxiesOf(engine.config.trustedProxies),
    stallWatch: createStallWatch({ timeoutMs: stallTimeoutMs, intervalMs: Math.min(1_000, stallTimeoutMs) }),
    isNamespace: cacheNamespaceNames(async (name) => (await findNamespaceByName(db, { name })) !== null),
    newRequestId: createRequestIds(),
    hostId: randomBytes(24).toString('base64'),
    whiteSpaceIntervalMs,
    isDraining: false,
  }
}

/** Object users, and of what they do not have, storage accounts: those may be granted something too. */
async function findOwners(db: Database, ids: string[]): Promise<(Owner & { id: string })[]> {
  const users = await findObjectUsers(db, { ids })
  if (users.length === ids.length) return users
  const known = new Set(users.map(({ id }) => id))
  const accounts = await findStorageAccountNames(db, { ids: ids.filter((id) => !known.has(id)) })
  const owners = accounts.map(({ id, name }) => ({ id, canonicalId: uniqueIdOf('user', id), displayName: name }))
  return [...users, ...owners]
}

function cacheNamespaceNames(find: (name: string) => Promise<boolean>): (name: string) => Promise<boolean> {
  const cache = new LRUCache<string, boolean>({ max: NAMESPACE_NAMES_MAX, ttl: NAMESPACE_TTL_MS })
  return async (name) => {
    if (!DNS_LABEL.test(name)) return false
    const known = cache.get(name)
    if (known !== undefined) return known
    const found = await find(name)
    cache.set(name, found)
    return found
  }
}

/** 16 characters, unique within the service: a random start a process, then a count. */
function createRequestIds(): () => string {
  const start = randomBytes(4).toString('hex').toUpperCase()
  let count = 0
  return () => {
    count = (count + 1) >>> 0
    return start + count.toString(16).toUpperCase().padStart(8, '0')
  }
}
