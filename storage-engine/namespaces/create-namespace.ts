import { randomBytes } from 'node:crypto'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { newId } from '#storage-engine/ids.ts'
import { findNamespaceByAccountId, findNamespaceByName, insertNamespace } from '#storage-engine/metadata/namespaces.ts'
import { discardToken } from '#storage-engine/namespaces/discard-token.ts'

/** A DNS label, since `<namespace>.s3.<region>.<domain>` is the namespace's endpoint. */
const NAME_PATTERN = /^[a-z0-9]([a-z0-9-]{1,61})[a-z0-9]$/

/** AWS's are twelve digits, Ceph's `RGW` and seventeen, or nothing at all. */
const ACCOUNT_ID_PATTERN = /^[A-Za-z0-9]{0,64}$/
const CANONICAL_ID_PATTERN = /^[0-9a-f]{64}$/

export interface CreateNamespaceInput {
  name: string
  displayName: string
  /** Whether new data is sealed from the start. */
  encryptionMode: 'off' | 'on'
  /** Of the root object user, by which an ACL may name it; unique within the service. None by default. */
  email?: string
  /** The account in ARNs, so that policies which come from elsewhere go on to mean this namespace; twelve new digits by default. */
  accountId?: string
  /** Of the root object user; made here by default. */
  rootCanonicalId?: string
}

/**
 * Makes a namespace with its first key and its root object user, all or nothing. The key exists also while encryption is
 * off: a client may ask for it object by object. Throws InvalidArgument, NamespaceAlreadyExists, ServiceUnavailable.
 */
export async function createNamespace(
  engine: Engine,
  input: CreateNamespaceInput,
): Promise<{ namespaceId: string; rootObjectUserId: string }> {
  checkPattern('name', input.name, NAME_PATTERN)
  const { accountId, rootCanonicalId = randomBytes(32).toString('hex') } = input
  checkPattern('accountId', accountId ?? '', ACCOUNT_ID_PATTERN)
  checkPattern('rootCanonicalId', rootCanonicalId, CANONICAL_ID_PATTERN)
  await checkNoOtherAccount(engine, input)
  const namespaceId = newId()
  const rootObjectUserId = newId()
  const version = 1
  const wrapped = await engine.keyring.createNamespaceKey({ namespaceId, version })
  const namespace = {
    id: namespaceId,
    name: input.name,
    displayName: input.displayName,
    encryptionMode: input.encryptionMode,
    firstKey: { version, ...wrapped },
    ...(accountId === undefined ? {} : { accountId }),
    rootObjectUser: {
      id: rootObjectUserId,
      canonicalId: rootCanonicalId,
      displayName: input.name,
      email: input.email ?? null,
    },
  }
  try {
    await insertNamespace(engine.db, namespace)
  } catch (error) {
    await discardToken(engine, { tokenId: wrapped.tokenId, error })
    throw error
  }
  return { namespaceId, rootObjectUserId }
}

/** In policies an account goes by its namespace's name, too, so no namespace may be called as another's account, or the reverse. */
async function checkNoOtherAccount({ db }: Engine, { name, accountId }: CreateNamespaceInput): Promise<void> {
  if ((await findNamespaceByAccountId(db, { accountId: name })) !== null) throw taken('name', name)
  if (accountId === undefined || accountId === '') return
  if ((await findNamespaceByName(db, { name: accountId })) !== null) throw taken('accountId', accountId)
}

function taken(name: string, value: string): StorageError {
  return new StorageError('InvalidArgument', {
    message: 'Another namespace goes by this already.',
    extra: { ArgumentName: name, ArgumentValue: value },
  })
}

function checkPattern(name: string, value: string, pattern: RegExp): void {
  if (!pattern.test(value)) {
    throw new StorageError('InvalidArgument', { extra: { ArgumentName: name, ArgumentValue: value } })
  }
}
