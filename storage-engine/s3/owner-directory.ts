import { LRUCache } from 'lru-cache'
import { ANONYMOUS_CANONICAL_ID, ANONYMOUS_OWNER_ID } from '#storage-engine/auth/principal.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** As S3 shows an owner. */
export interface Owner {
  /** 64 hexadecimal digits. */
  canonicalId: string
  displayName: string
}

export interface OwnerDirectory {
  /** Those of these object users and storage accounts that exist. */
  findOwners(ids: Iterable<string>): Promise<Map<string, Owner>>
  /** The owners of these object user ids; each id is in the answer. */
  getOwners(ids: Iterable<string>): Promise<Map<string, Owner>>
  getOwner(id: string): Promise<Owner>
}

const ANONYMOUS_OWNER: Owner = { canonicalId: ANONYMOUS_CANONICAL_ID, displayName: 'anonymous' }
const OWNERS_MAX = 10_000
/** A display name may change; a canonical id never does. */
const OWNER_TTL_MS = 60_000

/** Remembers who owners are, as every listing names them. */
export function createOwnerDirectory(find: (ids: string[]) => Promise<(Owner & { id: string })[]>): OwnerDirectory {
  const cache = new LRUCache<string, Owner>({ max: OWNERS_MAX, ttl: OWNER_TTL_MS })
  return {
    findOwners,
    getOwners,
    getOwner: async (id) => (await getOwners([id])).get(id) as Owner,
  }

  async function findOwners(ids: Iterable<string>): Promise<Map<string, Owner>> {
    const owners = new Map<string, Owner>()
    const missing = new Set<string>()
    for (const id of ids) {
      const known = id === ANONYMOUS_OWNER_ID ? ANONYMOUS_OWNER : (owners.get(id) ?? cache.get(id))
      if (known === undefined) missing.add(id)
      else owners.set(id, known)
    }
    if (missing.size === 0) return owners
    for (const { id, canonicalId, displayName } of await find([...missing])) {
      const owner = { canonicalId, displayName }
      cache.set(id, owner)
      owners.set(id, owner)
    }
    return owners
  }

  async function getOwners(ids: Iterable<string>): Promise<Map<string, Owner>> {
    const wanted = [...ids]
    const owners = await findOwners(wanted)
    const missing = wanted.filter((id) => !owners.has(id))
    if (missing.length === 0) return owners
    throw new StorageError('InternalError', { cause: new Error(`owners ${missing.join(', ')} do not exist`) })
  }
}
