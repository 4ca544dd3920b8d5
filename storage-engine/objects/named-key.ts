import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { isUuid } from '#storage-engine/metadata/is-uuid.ts'
import { findNamedKey, findNamedKeyVersion, type NamedKeyVersion } from '#storage-engine/metadata/named-keys.ts'
import type { ObjectEncryption } from '#storage-engine/object-settings.ts'
import type { SecondKey } from '#storage-engine/objects/data-key.ts'

/** The key that is meant when a request asks for aws:kms and names none; an administrator may make one of this name. */
const DEFAULT_KEY_NAME = 'aws/s3'
/** The longest reference that S3 takes is an ARN of an alias. */
const REFERENCE_LENGTH_MAX = 2048
const ARN = /^arn:[a-z0-9-]+:kms:[a-z0-9-]*:[^:]*:(?:key\/)?/

type KmsEncryption = Extract<ObjectEncryption, { kind: 'kms' }>

export interface RequestedNamedKey {
  /** Id, name, `alias/<name>`, or an ARN that ends in one of these; null for the default key. */
  reference: string | null
  isBucketKeyEnabled: boolean
  /** Base64 of JSON. */
  context: string | null
}

/**
 * The newest version of the key that a request names, ready to seal.
 * Throws KMS.NotFoundException, KMS.DisabledException, KMS.KMSInvalidStateException and ServiceUnavailable: never less than was asked.
 */
export async function chooseNamedKey(
  engine: Engine,
  { namespaceId, reference, isBucketKeyEnabled, context }: RequestedNamedKey & { namespaceId: string },
): Promise<{ encryption: KmsEncryption; second: SecondKey }> {
  const id = await findId(engine, { namespaceId, reference })
  const found = id === null ? null : await findNamedKeyVersion(engine.db, { namespaceId, id, version: null })
  const key = expectUsable(found, reference ?? DEFAULT_KEY_NAME)
  const encryption: KmsEncryption = {
    kind: 'kms',
    keyId: key.id,
    keyVersion: key.version,
    keyName: reference ?? key.id,
    isBucketKeyEnabled,
    ...(context === null ? {} : { context }),
  }
  return { encryption, second: await open(engine, key, context) }
}

/** The named key that a version was sealed with. Throws as chooseNamedKey does. */
export async function openNamedKey(
  engine: Engine,
  { namespaceId, encryption }: { namespaceId: string; encryption: KmsEncryption },
): Promise<SecondKey> {
  const { keyId, keyVersion, keyName, context } = encryption
  const found = await findNamedKeyVersion(engine.db, { namespaceId, id: keyId, version: keyVersion })
  return open(engine, expectUsable(found, keyName), context ?? null)
}

async function findId(
  engine: Engine,
  { namespaceId, reference }: { namespaceId: string; reference: string | null },
): Promise<string | null> {
  if (reference !== null && reference.length > REFERENCE_LENGTH_MAX) return null
  const name = reference?.replace(ARN, '') ?? DEFAULT_KEY_NAME
  if (name.includes('\0')) return null
  const named = isUuid(name) ? { id: name } : { name: name.replace(/^alias\//, '') }
  return (await findNamedKey(engine.db, { namespaceId, ...named }))?.id ?? null
}

function expectUsable(key: NamedKeyVersion | null, name: string): NamedKeyVersion {
  if (key === null) throw new StorageError('KMS.NotFoundException', { message: `Key '${name}' does not exist` })
  if (key.state === 'enabled') return key
  throw key.state === 'disabled'
    ? new StorageError('KMS.DisabledException', { message: `${name} is disabled.` })
    : new StorageError('KMS.KMSInvalidStateException', { message: `${name} is pending deletion.` })
}

async function open(engine: Engine, key: NamedKeyVersion, encryptionContext: string | null): Promise<SecondKey> {
  const { namespaceId, id: keyId, version, wrappedKey: wrapped } = key
  const opened = await engine.keyring.openNamedKey({ namespaceId, keyId, version, wrapped })
  return { kind: 'named', keyId, version, key: opened, encryptionContext }
}
