import { z } from 'zod'
import { rewrapSchema } from '#lib/schemas/encryption.ts'
import { countSchema, timestampSchema } from '#lib/schemas/page.ts'

const rootKeySchema = z.object({
  id: z.string(),
  version: z.number().int().nonnegative(),
  state: z.enum(['active', 'decrypt-only', 'retired']),
  createdAt: timestampSchema.nullable(),
  retiredAt: timestampSchema.nullable(),
  /** Session tokens that are still valid may need it until then. */
  neededUntil: timestampSchema.nullable(),
  /** Keys, shred tokens and sealed secrets that open only with this root key. */
  wrappedCount: countSchema,
})
export type RootKey = z.infer<typeof rootKeySchema>

const signingKeySchema = z.object({
  /** Base64 of the 32 bytes of an Ed25519 public key. */
  publicKey: z.string(),
  keyId: z.string(),
})
export type SigningKey = z.infer<typeof signingKeySchema>

/** GET /api/v1/admin/encryption: where the root key is kept, and what it wraps. */
export const installationEncryptionSchema = z.object({
  provider: z.object({
    kind: z.enum(['file', 'env', 'aws-kms', 'vault', 'pkcs11']),
    /** A path, an address or a token's label: never a secret. */
    location: z.string(),
    health: z.enum(['ok', 'unreachable']),
    /** Why it is unreachable, for a person. */
    detail: z.string().nullable(),
    /** Whether it makes a new root key by itself. */
    canRotate: z.boolean(),
  }),
  /** Whether only what FIPS approves is used, by an OpenSSL FIPS provider. */
  fips: z.boolean(),
  /** Newest first. */
  rootKeys: z.array(rootKeySchema),
  /** The one that is on its way, else the last one. */
  rotation: rewrapSchema.nullable(),
  /** With what attestations and destruction records are signed; null while it cannot be made, for want of the root key. */
  attestation: signingKeySchema.nullable(),
})
export type InstallationEncryption = z.infer<typeof installationEncryptionSchema>

/**
 * POST /api/v1/admin/encryption/rotation → 200 installationEncryptionSchema. rotate: a new root key, and everything that the
 * old ones wrap is wrapped again; `confirm` is the active root key's id. retire: takes away a root key that wraps nothing
 * any more; `confirm` is its id, and `version` says which where several have that id.
 */
export const changeRootKeysInput = z.object({
  action: z.enum(['rotate', 'retire']),
  version: z.number().int().nonnegative().optional(),
  confirm: z.string().min(1).max(2048),
})
export type ChangeRootKeysInput = z.input<typeof changeRootKeysInput>
