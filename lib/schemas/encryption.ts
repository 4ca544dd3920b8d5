import { z } from 'zod'
import { told } from '#lib/schemas/notice.ts'
import { countSchema, pageQuery, timestampSchema } from '#lib/schemas/page.ts'

/** Bytes a second that a migration may read: 64 KiB to 1 TiB; null is as fast as the nodes give. */
export const rateLimitSchema = z.number().int().min(65_536).max(1_099_511_627_776).nullable()
const confirmSchema = z.string().max(255).optional()
const versionSchema = z.number().int().positive()

/**
 * What the stored blobs say, whatever the switch says. off: nothing is sealed. on-new-data-only: switch on, plain bytes
 * from before, which may be of deleted or replaced objects. encrypting and decrypting: a migration is on its way, paused ones
 * included. on: switch on, and no plain bytes are left: it was never off, or a migration has ended since. mixed: switch off,
 * sealed bytes from before or asked for by clients.
 */
export const encryptionStateSchema = z.enum(['off', 'on-new-data-only', 'encrypting', 'on', 'decrypting', 'mixed'])
export type EncryptionState = z.infer<typeof encryptionStateSchema>

/** Every version that is stored, current or not; one counts as encrypted when every byte of it is sealed. */
const coverageCounts = {
  encryptedCount: countSchema,
  encryptedBytes: countSchema,
  plainCount: countSchema,
  plainBytes: countSchema,
}

const migrationSchema = z.object({
  id: z.uuid(),
  direction: z.enum(['encrypt', 'decrypt']),
  /** cleaning: nothing of the wrong state is referenced any more, and the replaced bytes are being removed from the nodes. */
  state: z.enum(['running', 'paused', 'cleaning', 'done', 'failed', 'cancelled']),
  rateLimit: rateLimitSchema,
  doneCount: countSchema,
  totalCount: countSchema,
  doneBytes: countSchema,
  totalBytes: countSchema,
  /** Over the last seconds; null while nothing moves. */
  bytesPerSecond: z.number().nonnegative().nullable(),
  etaSeconds: z.number().nonnegative().nullable(),
  startedBy: z.string(),
  startedAt: timestampSchema,
  updatedAt: timestampSchema,
  endedAt: timestampSchema.nullable(),
  /** Why it failed, or what it met. */
  ...told,
})
export type Migration = z.infer<typeof migrationSchema>

/** GET /api/v1/admin/namespaces/:ns/encryption */
export const namespaceEncryptionSchema = z.object({
  namespace: z.string(),
  displayName: z.string(),
  /** The switch: whether new data is sealed. */
  mode: z.enum(['off', 'on']),
  state: encryptionStateSchema,
  /** 0 to 100, rounded down, while the state is encrypting or decrypting; else null. */
  percent: z.number().int().min(0).max(100).nullable(),
  coverage: z.object({
    ...coverageCounts,
    /** Parts of uploads that are not completed. */
    openUploads: z.object({ encryptedBytes: countSchema, plainBytes: countSchema }),
  }),
  /** The one that is on its way, else the last one. */
  migration: migrationSchema.nullable(),
})
export type NamespaceEncryption = z.infer<typeof namespaceEncryptionSchema>

/**
 * PUT /api/v1/admin/namespaces/:ns/encryption → 200 namespaceEncryptionSchema. `convert` also starts a migration of what is
 * stored already. Turning off needs the namespace's exact name in `confirm` (ConfirmationMismatch).
 */
export const setEncryptionInput = z.object({
  mode: z.enum(['off', 'on']),
  existing: z.enum(['leave', 'convert']).default('leave'),
  rateLimit: rateLimitSchema.default(null),
  confirm: confirmSchema,
})
export type SetEncryptionInput = z.input<typeof setEncryptionInput>

/**
 * POST /api/v1/admin/namespaces/:ns/encryption/migration → 200 namespaceEncryptionSchema. `start` converts what is stored
 * to what the switch says; to decrypt, it needs the namespace's exact name in `confirm`. 409 when the act does not fit the
 * migration's state.
 */
export const changeMigrationInput = z
  .object({
    action: z.enum(['start', 'pause', 'resume', 'cancel', 'set-rate']),
    rateLimit: rateLimitSchema.optional(),
    confirm: confirmSchema,
  })
  .refine((input) => input.action !== 'set-rate' || input.rateLimit !== undefined, {
    message: 'set-rate needs a rate; null lifts the limit',
    path: ['rateLimit'],
  })
export type ChangeMigrationInput = z.input<typeof changeMigrationInput>

/** GET /api/v1/admin/namespaces/:ns/encryption/buckets, by name. */
export const listBucketCoverageQuery = z.object({ ...pageQuery })
const bucketCoverageSchema = z.object({ name: z.string(), ...coverageCounts })
export const bucketCoveragePageSchema = z.object({
  buckets: z.array(bucketCoverageSchema),
  nextCursor: z.string().nullable(),
})

/** Work through many small records, such as keys to be wrapped again. */
export const rewrapSchema = z.object({
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  doneCount: countSchema,
  totalCount: countSchema,
  /** Why it failed. */
  ...told,
})
export type Rewrap = z.infer<typeof rewrapSchema>

const namespaceKeySchema = z.object({
  version: versionSchema,
  /** retired: its material is destroyed. */
  state: z.enum(['active', 'decrypt-only', 'retired']),
  createdAt: timestampSchema,
  retiredAt: timestampSchema.nullable(),
  /** Data keys that open only with this version: of object versions, open uploads and named keys. */
  dataKeyCount: countSchema,
})
export type NamespaceKey = z.infer<typeof namespaceKeySchema>

const shredSchema = z.object({
  state: z.enum(['scheduled', 'done']),
  scheduledBy: z.string(),
  scheduledAt: timestampSchema,
  dueAt: timestampSchema,
  destroyedAt: timestampSchema.nullable(),
  /** What keeps it waiting though it is due. */
  ...told,
})
export type Shred = z.infer<typeof shredSchema>

/** GET /api/v1/admin/namespaces/:ns/encryption/keys */
export const namespaceKeysSchema = z.object({
  /** Newest first. */
  keys: z.array(namespaceKeySchema),
  /** The one that is on its way, else the last one. */
  rewrap: rewrapSchema.nullable(),
  shred: shredSchema.nullable(),
})
export type NamespaceKeys = z.infer<typeof namespaceKeysSchema>

/**
 * POST /api/v1/admin/namespaces/:ns/encryption/keys → 200 namespaceKeysSchema. rotate: a new version for new data. rewrap:
 * wraps all data keys under the newest version. retire: destroys the material of a version that nothing refers to; needs
 * `version`, and the namespace's exact name in `confirm`.
 */
export const changeNamespaceKeysInput = z
  .object({ action: z.enum(['rotate', 'rewrap', 'retire']), version: versionSchema.optional(), confirm: confirmSchema })
  .refine((input) => input.action !== 'retire' || input.version !== undefined, {
    message: 'say which version to retire',
    path: ['version'],
  })
export type ChangeNamespaceKeysInput = z.input<typeof changeNamespaceKeysInput>

export const SHRED_DAYS_MIN = 7
export const SHRED_DAYS_MAX = 90
export const SHRED_DAYS_DEFAULT = 21

/**
 * POST /api/v1/admin/namespaces/:ns/encryption/shred → 200 namespaceKeysSchema: destroys every key of the namespace after
 * `days`. `confirm` is the exact name. DELETE → 200 namespaceKeysSchema: keeps them.
 */
export const scheduleShredInput = z.object({
  days: z.number().int().min(SHRED_DAYS_MIN).max(SHRED_DAYS_MAX).default(SHRED_DAYS_DEFAULT),
  confirm: z.string().max(255),
})
export type ScheduleShredInput = z.input<typeof scheduleShredInput>

/** GET /api/v1/admin/namespaces/:ns/encryption/history and /api/v1/admin/encryption/history, newest first. */
export const listEncryptionHistoryQuery = z.object({ ...pageQuery })
export const encryptionHistoryPageSchema = z.object({
  entries: z.array(
    z.object({
      id: z.number().int(),
      at: timestampSchema,
      actor: z.string(),
      /** Noun and verb, as in the audit: `namespace.set-encryption`. */
      action: z.string(),
      target: z.string(),
      result: z.enum(['ok', 'denied', 'failed']),
      details: z.record(z.string(), z.unknown()).nullable(),
    }),
  ),
  nextCursor: z.string().nullable(),
})
export type EncryptionHistoryEntry = z.infer<typeof encryptionHistoryPageSchema>['entries'][number]

/**
 * GET /api/v1/admin/namespaces/:ns/encryption/attestation and /api/v1/admin/encryption/attestation (what is encrypted), and
 * …/encryption/shred/record (what was destroyed): see docs/formats/signed-document.md.
 */
export const signedDocumentSchema = z.looseObject({
  format: z.string(),
  signature: z.object({
    algorithm: z.string(),
    keyId: z.string(),
    publicKey: z.string(),
    value: z.string(),
  }),
})
