import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { hkdfExpand } from '#storage-engine/crypto/hkdf.ts'
import type { SecretPurpose } from '#storage-engine/crypto/key-context.ts'
import { KEY_BYTES, WRAPPED_KEY_BYTES } from '#storage-engine/crypto/key-wrap.ts'
import { KEY_CACHE_MS } from '#storage-engine/crypto/namespace-key-cache.ts'
import { fillRandom } from '#storage-engine/crypto/random-pool.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'

/**
 * A sealed secret: version (1) ‖ wrapped envelope key ‖ nonce (12) ‖ AES-256-GCM ciphertext ‖ tag (16). In version 1 the
 * wrapped key has 93 bytes; in version 2, for those of remote services, its length goes before it, as u16.
 * Specified in docs/formats/keys.md. The constants describe stored bytes: they may never change.
 */
const SECRET_VERSION = 1
const LONG_SECRET_VERSION = 2
const LENGTH_BYTES = 2
const NONCE_BYTES = 12
const TAG_BYTES = 16
const PURPOSE = Buffer.from('sceau/secret1\0')
const ALGORITHM = 'aes-256-gcm'

const SECRET_BYTES_MAX = 65536
const ENVELOPE_COUNT_MAX = 1000
/** Without these nobody could sign in; what else is sealed can wait. */
const SERVED_WHILE_DOWN: readonly SecretPurpose[] = ['credential', 'token']
/** How long an envelope key that should have been opened again serves, before the provider is asked once more. */
const RETRY_MS = 30_000

interface Envelope {
  record: Buffer
  key: KeyObject
  expiresAt: number
  /** The provider did not answer when this was to be opened again: from then on nobody waits for it. */
  isOverdue: boolean
}

export interface SecretSealer {
  seal(input: { purpose: SecretPurpose; context: string; plain: Buffer }): Promise<Buffer>
  open(input: { purpose: SecretPurpose; context: string; sealed: Buffer }): Promise<Buffer>
  forget(): void
}

/**
 * Seals small secrets. One envelope key a purpose serves what is sealed within 300 s, so that the root provider, which
 * may be a remote service, is asked seldom; each secret has its own key, derived from the envelope's and its context.
 *
 * While the provider does not answer, credentials and tokens that were open stay so: else nobody could sign in, not even
 * to a namespace that is not encrypted. Once the provider answers that an envelope does not open, it is gone.
 */
export function createSecretSealer(root: {
  wrap(purpose: SecretPurpose, key: Buffer): Promise<Buffer>
  unwrap(purpose: SecretPurpose, record: Buffer): Promise<Buffer>
  now(): number
}): SecretSealer {
  const opened = new LRUCache<string, Envelope>({ max: ENVELOPE_COUNT_MAX })
  const current = new Map<SecretPurpose, Envelope>()

  function keep(purpose: SecretPurpose, record: Buffer, key: Buffer, expiresAt: number): Envelope {
    const envelope = { record, key: createSecretKey(key), expiresAt, isOverdue: false }
    key.fill(0)
    opened.set(cacheKeyOf(purpose, record), envelope)
    return envelope
  }

  async function makeEnvelope(purpose: SecretPurpose): Promise<Envelope> {
    const expiresAt = root.now() + KEY_CACHE_MS
    const key = Buffer.alloc(KEY_BYTES)
    fillRandom(key, 0, KEY_BYTES)
    const made = keep(purpose, await root.wrap(purpose, key), key, expiresAt)
    current.set(purpose, made)
    return made
  }

  async function unwrapEnvelope(purpose: SecretPurpose, record: Buffer): Promise<Envelope> {
    const expiresAt = root.now() + KEY_CACHE_MS
    try {
      return keep(purpose, record, await root.unwrap(purpose, record), expiresAt)
    } catch (error) {
      if (error instanceof SealBrokenError) opened.delete(cacheKeyOf(purpose, record))
      throw error
    }
  }

  /** What is kept while it is fresh; else what `renew` gives; else, without an answer, what is kept. */
  async function findEnvelope(
    purpose: SecretPurpose,
    kept: Envelope | undefined,
    renew: () => Promise<Envelope>,
  ): Promise<Envelope> {
    if (kept !== undefined && root.now() < kept.expiresAt) return kept
    if (kept === undefined || !SERVED_WHILE_DOWN.includes(purpose)) return renew()
    const renewed = renew().catch((error) => {
      if (error instanceof SealBrokenError) throw error
      kept.isOverdue = true
      return kept
    })
    const wasOverdue = kept.isOverdue
    kept.expiresAt = root.now() + RETRY_MS
    if (!wasOverdue) return renewed
    // Whether it still opens shows in what the next one finds: this one was let through by its predecessors' answer.
    renewed.catch(() => undefined)
    return kept
  }

  return {
    async seal({ purpose, context, plain }) {
      if (plain.length > SECRET_BYTES_MAX) throw new RangeError(`A secret of ${plain.length} bytes is too long.`)
      const envelope = await findEnvelope(purpose, current.get(purpose), () => makeEnvelope(purpose))
      return sealUnder(envelope, context, plain)
    },
    async open({ purpose, context, sealed }) {
      const { record, nonceAt } = parseSecret(sealed)
      const kept = opened.get(cacheKeyOf(purpose, record))
      const envelope = await findEnvelope(purpose, kept, () => unwrapEnvelope(purpose, record))
      return openUnder(envelope.key, { context, sealed, nonceAt })
    },
    forget() {
      current.clear()
      opened.clear()
    },
  }
}

function sealUnder(envelope: Envelope, context: string, plain: Buffer): Buffer {
  const lead = leadOf(envelope.record)
  const nonce = Buffer.alloc(NONCE_BYTES)
  fillRandom(nonce, 0, NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, secretKeyOf(envelope.key, context), nonce)
  cipher.setAAD(lead)
  return Buffer.concat([lead, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Version and envelope: all that is before the nonce. */
function leadOf(record: Buffer): Buffer {
  if (record.length === WRAPPED_KEY_BYTES) return Buffer.concat([Buffer.from([SECRET_VERSION]), record])
  const head = Buffer.from([LONG_SECRET_VERSION, 0, 0])
  head.writeUInt16BE(record.length, 1)
  return Buffer.concat([head, record])
}

function parseSecret(sealed: Buffer): { record: Buffer; nonceAt: number } {
  const recordAt = sealed[0] === LONG_SECRET_VERSION ? 1 + LENGTH_BYTES : 1
  const isLong = recordAt > 1 && sealed.length > recordAt
  const nonceAt = recordAt + (isLong ? sealed.readUInt16BE(1) : WRAPPED_KEY_BYTES)
  const isKnown = sealed[0] === SECRET_VERSION || isLong
  if (!isKnown || sealed.length < nonceAt + NONCE_BYTES + TAG_BYTES) {
    throw new SealBrokenError('Not a sealed secret of a known version.')
  }
  return { record: Buffer.from(sealed.subarray(recordAt, nonceAt)), nonceAt }
}

function openUnder(
  envelopeKey: KeyObject,
  { context, sealed, nonceAt }: { context: string; sealed: Buffer; nonceAt: number },
): Buffer {
  const contentAt = nonceAt + NONCE_BYTES
  const options = { authTagLength: TAG_BYTES }
  const decipher = createDecipheriv(
    ALGORITHM,
    secretKeyOf(envelopeKey, context),
    sealed.subarray(nonceAt, contentAt),
    options,
  )
  decipher.setAAD(sealed.subarray(0, nonceAt))
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  const plain = decipher.update(sealed.subarray(contentAt, sealed.length - TAG_BYTES))
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
