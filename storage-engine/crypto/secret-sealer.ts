import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { hkdfExpand } from '#storage-engine/crypto/hkdf.ts'
import type { SecretPurpose } from '#storage-engine/crypto/key-context.ts'
import { KEY_BYTES, WRAPPED_KEY_BYTES } from '#storage-engine/crypto/key-wrap.ts'
import { KEY_CACHE_MS } from '#storage-engine/crypto/namespace-key-cache.ts'
import { fillRandom } from '#storage-engine/crypto/random-pool.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'

/**
 * A sealed secret: version (1) ‖ wrapped envelope key (93) ‖ nonce (12) ‖ AES-256-GCM ciphertext ‖ tag (16).
 * Specified in docs/formats/keys.md. The constants describe stored bytes: they may never change.
 */
const SECRET_VERSION = 1
const NONCE_AT = 1 + WRAPPED_KEY_BYTES
const NONCE_BYTES = 12
const CONTENT_AT = NONCE_AT + NONCE_BYTES
const TAG_BYTES = 16
const PURPOSE = Buffer.from('sceau/secret1\0')
const ALGORITHM = 'aes-256-gcm'

const SECRET_BYTES_MAX = 65536
const ENVELOPE_COUNT_MAX = 1000

interface Envelope {
  record: Buffer
  key: KeyObject
  expiresAt: number
}

export interface SecretSealer {
  seal(input: { purpose: SecretPurpose; context: string; plain: Buffer }): Promise<Buffer>
  open(input: { purpose: SecretPurpose; context: string; sealed: Buffer }): Promise<Buffer>
  forget(): void
}

/**
 * Seals small secrets. One envelope key a purpose serves what is sealed within 300 s, so that the root provider, which
 * may be a remote service, is asked seldom; each secret has its own key, derived from the envelope's and its context.
 */
export function createSecretSealer(root: {
  wrap(purpose: SecretPurpose, key: Buffer): Promise<Buffer>
  unwrap(purpose: SecretPurpose, record: Buffer): Promise<Buffer>
  now(): number
}): SecretSealer {
  const opened = new LRUCache<string, Envelope>({ max: ENVELOPE_COUNT_MAX })
  const current = new Map<SecretPurpose, Envelope>()

  async function envelopeFor(purpose: SecretPurpose): Promise<Envelope> {
    const envelope = current.get(purpose)
    if (envelope !== undefined && root.now() < envelope.expiresAt) return envelope
    const expiresAt = root.now() + KEY_CACHE_MS
    const key = Buffer.alloc(KEY_BYTES)
    fillRandom(key, 0, KEY_BYTES)
    const made = { record: await root.wrap(purpose, key), key: createSecretKey(key), expiresAt }
    key.fill(0)
    current.set(purpose, made)
    opened.set(cacheKeyOf(purpose, made.record), made)
    return made
  }

  async function openEnvelope(purpose: SecretPurpose, record: Buffer): Promise<KeyObject> {
    const cached = opened.get(cacheKeyOf(purpose, record))
    if (cached !== undefined && root.now() < cached.expiresAt) return cached.key
    const expiresAt = root.now() + KEY_CACHE_MS
    const key = createSecretKey(await root.unwrap(purpose, record))
    opened.set(cacheKeyOf(purpose, record), { record, key, expiresAt })
    return key
  }

  return {
    async seal({ purpose, context, plain }) {
      if (plain.length > SECRET_BYTES_MAX) throw new RangeError(`A secret of ${plain.length} bytes is too long.`)
      return sealUnder(await envelopeFor(purpose), context, plain)
    },
    async open({ purpose, context, sealed }) {
      if (sealed.length < CONTENT_AT + TAG_BYTES || sealed[0] !== SECRET_VERSION) {
        throw new SealBrokenError('Not a sealed secret of a known version.')
      }
      const key = await openEnvelope(purpose, Buffer.from(sealed.subarray(1, NONCE_AT)))
      return openUnder(key, context, sealed)
    },
    forget() {
      current.clear()
      opened.clear()
    },
  }
}

function sealUnder(envelope: Envelope, context: string, plain: Buffer): Buffer {
  const head = Buffer.alloc(CONTENT_AT)
  head[0] = SECRET_VERSION
  envelope.record.copy(head, 1)
  fillRandom(head, NONCE_AT, NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, secretKeyOf(envelope.key, context), head.subarray(NONCE_AT))
  cipher.setAAD(head.subarray(0, NONCE_AT))
  return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

function openUnder(envelopeKey: KeyObject, context: string, sealed: Buffer): Buffer {
  const nonce = sealed.subarray(NONCE_AT, CONTENT_AT)
  const options = { authTagLength: TAG_BYTES }
  const decipher = createDecipheriv(ALGORITHM, secretKeyOf(envelopeKey, context), nonce, options)
  decipher.setAAD(sealed.subarray(0, NONCE_AT))
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  const plain = decipher.update(sealed.subarray(CONTENT_AT, sealed.length - TAG_BYTES))
  try {
    decipher.final()
  } catch (cause) {
    throw new SealBrokenError('A sealed secret does not verify.', { cause })
  }
  return plain
}

function secretKeyOf(envelopeKey: KeyObject, context: string): Buffer {
  return hkdfExpand(envelopeKey, [PURPOSE, Buffer.from(context)], KEY_BYTES)
}

function cacheKeyOf(purpose: SecretPurpose, record: Buffer): string {
  return `${purpose} ${record.toString('latin1')}`
}
