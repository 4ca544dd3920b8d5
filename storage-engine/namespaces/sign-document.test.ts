import { afterAll, beforeAll, expect, it } from 'vitest'
import { verifyDocument } from '#storage-engine/crypto/signed-document.ts'
import { getAttestationKey, signDocument } from '#storage-engine/namespaces/sign-document.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

let setting: TestEngine

beforeAll(async () => {
  setting = await startTestEngine()
})
afterAll(() => setting.stop())

it('signs with one key, though many processes ask for the first signature at once', async () => {
  const other = await setting.open()
  const engines = [setting.engine, other, setting.engine, other]
  const documents = await Promise.all(engines.map((engine, index) => signDocument(engine, { format: 'test-1', index })))
  await other.close()
  const { publicKey } = await getAttestationKey(setting.engine)
  const trusted = { publicKey: Buffer.from(publicKey, 'base64') }
  expect(documents.map((document) => verifyDocument(document, trusted))).toEqual([true, true, true, true])
})

it('names the key by what its signatures name it', async () => {
  const { signature } = await signDocument(setting.engine, { format: 'test-1' })
  expect(await getAttestationKey(setting.engine)).toEqual({ keyId: signature.keyId, publicKey: signature.publicKey })
})

it('keeps the private half sealed', async () => {
  const [row] = await setting.engine.db.query<{ sealed: Buffer; publicKey: Buffer }>({
    name: 'read-side-key',
    text: `select sealed_seed as sealed, public_key as "publicKey" from side_keys where purpose = 'attestation'`,
    values: [],
  })
  const { keyId } = await getAttestationKey(setting.engine)
  const secret = { purpose: 'attestation', context: keyId, sealed: row?.sealed as Buffer } as const
  expect(await setting.engine.keyring.openSecret(secret)).toHaveLength(32)
  await expect(setting.engine.keyring.openSecret({ ...secret, purpose: 'token' })).rejects.toThrow()
})
