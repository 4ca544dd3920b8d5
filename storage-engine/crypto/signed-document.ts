import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
  type webcrypto,
} from 'node:crypto'
import { canonicalJson, type JsonValue } from '#storage-engine/crypto/canonical-json.ts'

/** Specified in docs/formats/signed-document.md; what was signed must verify for ever, so it may never change. */
const ALGORITHM = 'Ed25519'
const KEY_BYTES = 32
const KEY_ID_BYTES = 16
const SIGNATURE_BYTES = 64

export interface SigningKey {
  /** 32 bytes. */
  publicKey: Buffer
  /** 32 bytes, secret: Ed25519's seed. */
  seed: Buffer
}

export interface DocumentSignature {
  algorithm: string
  /** 32 hexadecimal digits, which follow from the public key. */
  keyId: string
  /** Base64 of 32 bytes. */
  publicKey: string
  /** Base64 of 64 bytes. */
  value: string
}

/** What is said, and who said it. */
export type SignedDocument<Content> = Content & { signature: DocumentSignature }

export function createSigningKey(): SigningKey {
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  return { publicKey: Buffer.from(x as string, 'base64url'), seed: Buffer.from(d as string, 'base64url') }
}

/** By which a person tells one signing key from another: the first half of the SHA-256 of its public key. */
export function signingKeyId(publicKey: Buffer): string {
  return createHash('sha256')
    .update(publicKey)
    .digest('hex')
    .slice(0, KEY_ID_BYTES * 2)
}

/** Signs a document and wipes the seed. `signature` must be none of the content's names. Throws TypeError for what canonical JSON cannot say. */
export function signDocument<Content extends { format: string }>(
  key: SigningKey,
  content: Content,
): SignedDocument<Content> {
  const { publicKey, seed } = key
  const signature = { algorithm: ALGORITHM, keyId: signingKeyId(publicKey), publicKey: publicKey.toString('base64') }
  const value = sign(null, signedBytes(content, signature), privateKeyFrom(key))
  seed.fill(0)
  return { ...content, signature: { ...signature, value: value.toString('base64') } }
}

/**
 * Whether the holder of the key that the document names has signed every byte of its content. It does not say whose key
 * that is: for that, `publicKey` (32 bytes) is the one that the caller trusts, when it knows one.
 */
export function verifyDocument(document: unknown, { publicKey }: { publicKey?: Buffer } = {}): boolean {
  const { signature, ...content } = Object(document) as Record<string, unknown>
  const { value, ...claim } = Object(signature) as Record<string, unknown>
  const key = bytesFrom(claim['publicKey'], KEY_BYTES)
  const signed = bytesFrom(value, SIGNATURE_BYTES)
  if (key === null || signed === null) return false
  if (claim['algorithm'] !== ALGORITHM || claim['keyId'] !== signingKeyId(key)) return false
  if (publicKey !== undefined && !publicKey.equals(key)) return false
  try {
    return verify(null, signedBytes(content, claim as JsonValue), publicKeyFrom(key), signed)
  } catch (error) {
    // What canonical JSON cannot say was never signed.
    if (error instanceof TypeError) return false
    throw error
  }
}

/** The whole document as canonical JSON, without the value that is still to come: the key's name is signed too. */
function signedBytes(content: object, signature: JsonValue): Buffer {
  return Buffer.from(canonicalJson({ ...content, signature } as JsonValue))
}

/** Base64 in its only spelling. */
function bytesFrom(text: unknown, size: number): Buffer | null {
  if (typeof text !== 'string' || text.length > 100) return null
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === size && bytes.toString('base64') === text ? bytes : null
}

function privateKeyFrom({ publicKey, seed }: SigningKey): KeyObject {
  const jwk: webcrypto.JsonWebKey = { ...jwkOf(publicKey), d: seed.toString('base64url') }
  return createPrivateKey({ key: jwk, format: 'jwk' })
}

function publicKeyFrom(publicKey: Buffer): KeyObject {
  return createPublicKey({ key: jwkOf(publicKey), format: 'jwk' })
}

function jwkOf(publicKey: Buffer): webcrypto.JsonWebKey {
  return { kty: 'OKP', crv: ALGORITHM, x: publicKey.toString('base64url') }
}
