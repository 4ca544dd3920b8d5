import type { NamedKeyPlace } from '#storage-engine/crypto/keyring.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { newId } from '#storage-engine/ids.ts'
import { isUuid } from '#storage-engine/metadata/is-uuid.ts'
import { findLockedVersion, noticeOfLock } from '#storage-engine/metadata/locked-versions.ts'
import {
  findNamedKey,
  insertNamedKey,
  insertNamedKeyVersion,
  type NamedKey,
  type NamedKeyMaterial,
  newestNamedKeyVersion,
  setNamedKeyState,
} from '#storage-engine/metadata/named-keys.ts'
import { getNamespace } from '#storage-engine/metadata/namespaces.ts'

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html */
const NAME_PATTERN = /^[A-Za-z0-9/_-]{1,250}$/
/** The key that is meant when a request asks for aws:kms and names none. */
const DEFAULT_KEY_NAME = 'aws/s3'

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html */
const DELETION_DAYS_MIN = 7
const DELETION_DAYS_MAX = 30
const DAY_MS = 86_400_000

export interface NamedKeyInput {
  namespaceId: string
  name: string
}

/**
 * Makes a key that clients of the namespace may name in a request. Throws InvalidArgument for a name that KMS would refuse,
 * that is shaped like an id, or that starts with `aws/` and is not `aws/s3`; NamedKeyAlreadyExists; ServiceUnavailable.
 */
export async function createNamedKey(engine: Engine, { namespaceId, name }: NamedKeyInput): Promise<{ id: string }> {
  const isReserved = name.startsWith('aws/') && name !== DEFAULT_KEY_NAME
  if (!NAME_PATTERN.test(name) || isUuid(name.toLowerCase()) || isReserved) {
    throw new StorageError('InvalidArgument', {
      message: `A key's name has letters, digits, "/", "_" and "-" only, is no id, and does not start with "aws/".`,
      extra: { ArgumentName: 'name', ArgumentValue: name },
    })
  }
  const id = newId()
  const material = await createMaterial(engine, { namespaceId, keyId: id, version: 1 })
  await insertNamedKey(engine.db, { id, namespaceId, name, ...material })
  return { id }
}

/** New data is sealed by new material from now on; the older versions open what they sealed. Throws NoSuchNamedKey. */
export async function rotateNamedKey(engine: Engine, input: NamedKeyInput): Promise<{ version: number }> {
  const { id, namespaceId } = await getNamedKey(engine, input)
  const version = (await newestNamedKeyVersion(engine.db, { id })) + 1
  const material = await createMaterial(engine, { namespaceId, keyId: id, version })
  await insertNamedKeyVersion(engine.db, { id, namespaceId, version, ...material })
  return { version }
}

/** From now on the key seals nothing and opens nothing. Throws NoSuchNamedKey, and InvalidArgument for one that is to be deleted. */
export function disableNamedKey(engine: Engine, input: NamedKeyInput): Promise<void> {
  return changeState(engine, input, { from: ['enabled', 'disabled'], state: 'disabled', deleteAt: null })
}

/** Throws NoSuchNamedKey, and InvalidArgument for one that is to be deleted. */
export function enableNamedKey(engine: Engine, input: NamedKeyInput): Promise<void> {
  return changeState(engine, input, { from: ['enabled', 'disabled'], state: 'enabled', deleteAt: null })
}

/**
 * Puts a key out of use at once, and destroys it after 7 to 30 days: what it sealed is then lost for ever.
 * Throws NoSuchNamedKey, InvalidArgument for other days and for a key that is to be deleted already, and KeyIsInUse while an
 * object that it seals is locked in COMPLIANCE mode or under a legal hold.
 */
export async function scheduleNamedKeyDeletion(
  engine: Engine,
  { days, ...input }: NamedKeyInput & { days: number },
): Promise<{ deleteAt: Date }> {
  if (!Number.isInteger(days) || days < DELETION_DAYS_MIN || days > DELETION_DAYS_MAX) {
    throw new StorageError('InvalidArgument', {
      message: `A key is deleted after ${DELETION_DAYS_MIN} to ${DELETION_DAYS_MAX} days.`,
      extra: { ArgumentName: 'days', ArgumentValue: String(days) },
    })
  }
  const now = new Date()
  const { id: namedKeyId } = await getNamedKey(engine, input)
  const locked = await findLockedVersion(engine.db, { namespaceId: input.namespaceId, namedKeyId, now })
  if (locked !== null) throw new StorageError('KeyIsInUse', { notice: noticeOfLock(locked) })
  const deleteAt = new Date(now.getTime() + days * DAY_MS)
  await changeState(engine, input, { from: ['enabled', 'disabled'], state: 'pending-deletion', deleteAt })
  return { deleteAt }
}

/** Keeps a key that was to be deleted; it is disabled then, as at KMS. Throws NoSuchNamedKey and InvalidArgument. */
export function cancelNamedKeyDeletion(engine: Engine, input: NamedKeyInput): Promise<void> {
  return changeState(engine, input, { from: ['pending-deletion'], state: 'disabled', deleteAt: null })
}

async function createMaterial(engine: Engine, place: NamedKeyPlace): Promise<NamedKeyMaterial> {
  const { keyEpoch } = await getNamespace(engine.db, { id: place.namespaceId })
  const { wrapped: wrappedKey, namespaceKeyVersion } = await engine.keyring.createNamedKey({ ...place, keyEpoch })
  return { wrappedKey, namespaceKeyVersion }
}

async function changeState(
  engine: Engine,
  input: NamedKeyInput,
  change: Pick<Parameters<typeof setNamedKeyState>[1], 'from' | 'state' | 'deleteAt'>,
): Promise<void> {
  const { id, namespaceId, state } = await getNamedKey(engine, input)
  if (await setNamedKeyState(engine.db, { id, namespaceId, ...change })) return
  throw new StorageError('InvalidArgument', {
    message: `The key is ${state}.`,
    extra: { ArgumentName: 'name', ArgumentValue: input.name },
  })
}

async function getNamedKey(engine: Engine, input: NamedKeyInput): Promise<NamedKey> {
  const key = await findNamedKey(engine.db, input)
  if (key === null) throw new StorageError('NoSuchNamedKey')
  return key
}
