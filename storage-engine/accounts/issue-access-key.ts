import { randomBytes, randomInt } from 'node:crypto'
import type { Engine } from '#storage-engine/engine.ts'
import { insertAccessKey } from '#storage-engine/metadata/accounts.ts'

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

/** Gives an object user or a storage account of a namespace a new active key. */
export async function issueAccessKey(
  engine: Engine,
  input: { namespaceId: string; expiresAt?: Date } & AccessKeyHolder,
): Promise<IssuedAccessKey> {
  const accessKeyId = newAccessKeyId('AKIA')
  const secretAccessKey = newSecret()
  const sealedSecret = await engine.keyring.sealSecret({
    purpose: 'credential',
    context: accessKeyId,
    plain: Buffer.from(secretAccessKey),
  })
  await insertAccessKey(engine.db, {
    accessKeyId,
    namespaceId: input.namespaceId,
    objectUserId: input.objectUserId ?? null,
    storageAccountId: input.storageAccountId ?? null,
    sealedSecret,
    expiresAt: input.expiresAt ?? null,
  })
  return { accessKeyId, secretAccessKey }
}

/** 20 characters. */
export function newAccessKeyId(prefix: string): string {
  return prefix + Array.from({ length: 16 }, () => BASE32[randomInt(32)]).join('')
}

/** 40 characters: 30 random bytes; url-safe, because some tools mishandle '/' and '+' in a secret. */
export function newSecret(): string {
  return randomBytes(30).toString('base64url')
}
