import { GOLDEN_CREDENTIALS } from '#e2e/golden/capture.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { insertAccessKey } from '#storage-engine/metadata/accounts.ts'

/** Gives an object user the key that all captures are signed with. */
export async function installGoldenKey(
  engine: Engine,
  { namespaceId, objectUserId }: { namespaceId: string; objectUserId: string },
): Promise<void> {
  const { accessKeyId, secretAccessKey } = GOLDEN_CREDENTIALS
  const sealedSecret = await engine.keyring.sealSecret({
    purpose: 'credential',
    context: accessKeyId,
    plain: Buffer.from(secretAccessKey),
  })
  await insertAccessKey(engine.db, {
    accessKeyId,
    namespaceId,
    objectUserId,
    storageAccountId: null,
    sealedSecret,
    expiresAt: null,
  })
}
