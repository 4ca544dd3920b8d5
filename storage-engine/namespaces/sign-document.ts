import {
  createSigningKey,
  type SignedDocument,
  signingKeyId,
  signDocument as signWith,
} from '#storage-engine/crypto/signed-document.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { findSideKey, insertSideKey, type SideKey } from '#storage-engine/metadata/side-keys.ts'

const PURPOSE = 'attestation'

/** What the installation signs its statements with, to be shown and written down elsewhere. */
export interface AttestationKey {
  /** 32 hexadecimal digits. */
  keyId: string
  /** Base64 of 32 bytes. */
  publicKey: string
}

/** The installation's attestation key, made when it is first asked for. Throws ServiceUnavailable without the root key. */
export async function getAttestationKey(engine: Engine): Promise<AttestationKey> {
  const { publicKey } = await loadOrCreate(engine)
  return { keyId: signingKeyId(publicKey), publicKey: publicKey.toString('base64') }
}

/**
 * Signs a statement of the installation, such as an attestation or the record of a destruction: plain JSON whose numbers
 * are whole (crypto/canonical-json.ts). Throws ServiceUnavailable when the root key cannot be reached.
 */
export async function signDocument<Content extends { format: string }>(
  engine: Engine,
  content: Content,
): Promise<SignedDocument<Content>> {
  const { publicKey, sealedSeed } = await loadOrCreate(engine)
  const context = signingKeyId(publicKey)
  const seed = await engine.keyring.openSecret({ purpose: PURPOSE, context, sealed: sealedSeed })
  return signWith({ publicKey, seed }, content)
}

async function loadOrCreate(engine: Engine): Promise<SideKey> {
  const found = await findSideKey(engine.db, { purpose: PURPOSE })
  if (found !== null) return found
  const { publicKey, seed } = createSigningKey()
  const context = signingKeyId(publicKey)
  const sealedSeed = await engine.keyring.sealSecret({ purpose: PURPOSE, context, plain: seed })
  seed.fill(0)
  await insertSideKey(engine.db, { purpose: PURPOSE, publicKey, sealedSeed })
  // Of several who make the first one at once, one is first: what is stored counts.
  return (await findSideKey(engine.db, { purpose: PURPOSE })) as SideKey
}
