import { randomBytes, randomInt } from 'node:crypto'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { insertAccessKey } from '#storage-engine/metadata/accounts.ts'
import { type KeyHolder, listKeysOfHolder } from '#storage-engine/metadata/iam-access-keys.ts'
import { changeIam } from '#storage-engine/metadata/iam-epochs.ts'

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

export type AccessKeyHolder =
  | { objectUserId: string; storageAccountId?: never }
  | { storageAccountId: string; objectUserId?: never }

export interface IssuedAccessKey {
  /** 20 characters, `AKIA…`. */
  accessKeyId: string
  /** 40 characters; sealed in Postgres and never readable again in the console. */
  secretAccessKey: string
}

/** Gives an object user or a storage account of a namespace a new active key. Throws LimitExceeded when it has `keysMax` already. */
export async function issueAccessKey(
  engine: Engine,
  input: { namespaceId: string; expiresAt?: Date; keysMax?: number } & AccessKeyHolder,
): Promise<IssuedAccessKey> {
  const accessKeyId = newAccessKeyId('AKIA')
  const secretAccessKey = newSecret()
  const sealedSecret = await engine.keyring.sealSecret({
    purpose: 'credential',
    context: accessKeyId,
    plain: Buffer.from(secretAccessKey),
  })
  const key = {
    accessKeyId,
    namespaceId: input.namespaceId,
    objectUserId: input.objectUserId ?? null,
    storageAccountId: input.storageAccountId ?? null,
    sealedSecret,
    expiresAt: input.expiresAt ?? null,
  }
  const { namespaceId, keysMax = Number.POSITIVE_INFINITY } = input
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    const held = await listKeysOfHolder(tx, { namespaceId, holder: holderOf(input) })
    if (held.length >= keysMax) {
      throw new StorageError('LimitExceeded', { message: `Cannot exceed quota for AccessKeysPerUser: ${keysMax}` })
    }
    await insertAccessKey(tx, key)
  })
  return { accessKeyId, secretAccessKey }
}

function holderOf(holder: AccessKeyHolder): KeyHolder {
  if (holder.objectUserId !== undefined) return { kind: 'object-user', id: holder.objectUserId }
  return { kind: 'user', id: holder.storageAccountId }
}

/** 20 characters. */
export function newAccessKeyId(prefix: string): string {
  return prefix + Array.from({ length: 16 }, () => BASE32[randomInt(32)]).join('')
}

/** 40 characters: 30 random bytes; url-safe, because some tools mishandle '/' and '+' in a secret. */
export function newSecret(): string {
  return randomBytes(30).toString('base64url')
}
