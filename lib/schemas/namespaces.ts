import { z } from 'zod'
import { encryptionStateSchema } from '#lib/schemas/encryption.ts'
import { countSchema, pageQuery, searchSchema, timestampSchema } from '#lib/schemas/page.ts'

/** A DNS label, since `<namespace>.s3.<region>.<domain>` is the namespace's own endpoint. */
const namespaceNameSchema = z
  .string()
  .min(3)
  .max(63)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, { message: 'lower-case letters, digits and inner hyphens only' })

export const namespaceSchema = z.object({
  name: z.string(),
  displayName: z.string(),
  createdAt: timestampSchema,
  bucketCount: countSchema,
  objectCount: countSchema,
  sizeBytes: countSchema,
  encryption: z.object({
    /** The switch: whether new data is sealed. */
    mode: z.enum(['off', 'on']),
    state: encryptionStateSchema,
    encryptedBytes: countSchema,
    plainBytes: countSchema,
  }),
})
export type Namespace = z.infer<typeof namespaceSchema>

/** GET /api/v1/admin/namespaces/:ns */
export const namespaceDetailsSchema = namespaceSchema.extend({
  /** Whether signatures of version 2 count. */
  sigV2: z.enum(['accepted', 'refused']),
})
export type NamespaceDetails = z.infer<typeof namespaceDetailsSchema>

/** GET /api/v1/admin/namespaces, by name. */
export const listNamespacesQuery = z.object({ ...pageQuery, search: searchSchema })
export const namespacePageSchema = z.object({ namespaces: z.array(namespaceSchema), nextCursor: z.string().nullable() })

/** POST /api/v1/admin/namespaces → 201 namespaceSchema */
export const createNamespaceInput = z.object({
  name: namespaceNameSchema,
  displayName: z.string().trim().min(1).max(100),
  encryptionMode: z.enum(['off', 'on']).default('on'),
})
export type CreateNamespaceInput = z.input<typeof createNamespaceInput>

/**
 * PUT /api/v1/admin/namespaces/:ns/signatures → 204. Signatures of version 2 rest on SHA-1: a namespace without legacy
 * clients can do without them. Keys that are in use follow within 5 s.
 */
export const setSignaturesInput = z.object({ sigV2: z.enum(['accepted', 'refused']) })
export type SetSignaturesInput = z.input<typeof setSignaturesInput>
