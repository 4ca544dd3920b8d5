import { z } from 'zod'
import { activitySchema } from '#lib/schemas/activities.ts'
import { countSchema, pageQuery, searchSchema, sortOrderSchema, timestampSchema } from '#lib/schemas/page.ts'

export const KEY_BYTES_MAX = 1024
export const DELETION_ENTRIES_MAX = 1000
export const PREFLIGHT_NAMES_MAX = 1000

const encoder = new TextEncoder()
const fitsKey = (text: string) => encoder.encode(text).length <= KEY_BYTES_MAX && text.isWellFormed()

/** An object's key: 1 to 1,024 bytes of UTF-8 without NUL. */
const keySchema = z
  .string()
  .min(1)
  .refine((key) => fitsKey(key) && !key.includes('\0'), { message: 'longer than 1,024 bytes, or not UTF-8' })
/** The start of a key; empty is the whole bucket. */
const prefixSchema = z.string().refine((prefix) => fitsKey(prefix) && !prefix.includes('\0'), {
  message: 'longer than 1,024 bytes, or not UTF-8',
})

/** GET /api/v1/namespaces/:ns/buckets/:bucket/objects */
export const listObjectsQuery = z.object({
  ...pageQuery,
  prefix: prefixSchema.default(''),
  search: searchSchema,
  /** Folder: what lies directly under the prefix. Bucket: every key of the bucket, without folders. */
  scope: z.enum(['folder', 'bucket']).default('folder'),
  sort: z.enum(['name', 'size', 'modified']).default('name'),
  order: sortOrderSchema.default('asc'),
})
export type ListObjectsQuery = z.input<typeof listObjectsQuery>

export const folderSchema = z.object({
  /** The whole prefix, ending with a slash. */
  prefix: z.string(),
  /** Its last segment, without the slash. */
  name: z.string(),
})
export type Folder = z.infer<typeof folderSchema>

export const objectSchema = z.object({
  key: z.string(),
  /** The key without the folder listed; the whole key when scope is bucket. */
  name: z.string(),
  size: countSchema,
  lastModified: timestampSchema,
  /** Without quotes. */
  etag: z.string(),
  contentType: z.string(),
  /** Whether the bytes are encrypted at rest. */
  sealed: z.boolean(),
})
export type StoredObject = z.infer<typeof objectSchema>

/** Folders come before objects, on the first pages only. */
export const objectPageSchema = z.object({
  folders: z.array(folderSchema),
  objects: z.array(objectSchema),
  nextCursor: z.string().nullable(),
})
export type ObjectPage = z.infer<typeof objectPageSchema>

/** GET …/object?key= */
export const objectQuery = z.object({ key: keySchema })

export const objectDetailsSchema = objectSchema.extend({
  versionId: z.string().nullable(),
  checksum: z
    .object({ algorithm: z.string(), type: z.enum(['FULL_OBJECT', 'COMPOSITE']), value: z.string() })
    .nullable(),
  /** Cache-Control and the like, by lower-case name. */
  systemHeaders: z.record(z.string(), z.string()),
  /** x-amz-meta-*, without that prefix. */
  userMetadata: z.record(z.string(), z.string()),
  encryption: z.object({
    sealed: z.boolean(),
    /** 'AES-256-GCM (FLOE)', null when not sealed. */
    algorithm: z.string().nullable(),
    namespaceKeyVersion: z.number().int().positive().nullable(),
    /**
     * Whose key it also takes: none besides the namespace's, a named key (SSE-KMS), or one that only the client has
     * (SSE-C), so that nothing but its requests can read the object.
     */
    keyKind: z.enum(['namespace', 'named', 'customer']).nullable(),
    /** Of the named key, as it was asked for. */
    keyName: z.string().nullable(),
  }),
  /** Null for an object of a single body. */
  parts: z.array(z.object({ partNumber: z.number().int(), size: countSchema, etag: z.string() })).nullable(),
  partCount: z.number().int().nullable(),
})
export type ObjectDetails = z.infer<typeof objectDetailsSchema>

/** POST …/deletions and …/deletions/preview. A prefix stands for every key under it. */
export const deletionInput = z
  .object({
    keys: z.array(keySchema).max(DELETION_ENTRIES_MAX).default([]),
    prefixes: z.array(prefixSchema.min(1)).max(DELETION_ENTRIES_MAX).default([]),
  })
  .refine((input) => input.keys.length + input.prefixes.length > 0, { message: 'nothing to delete' })

/** POST …/deletions/preview */
export const deletionPreviewSchema = z.object({ objectCount: countSchema, sizeBytes: countSchema })
export type DeletionPreview = z.infer<typeof deletionPreviewSchema>

/** POST …/deletions: 200 with a finished activity, or 202 with a running one to be asked for again. */
export const deletionSchema = z.object({ activity: activitySchema })

/** POST …/uploads/preflight */
export const preflightInput = z.object({
  names: z
    .array(z.object({ key: keySchema, size: countSchema }))
    .min(1)
    .max(PREFLIGHT_NAMES_MAX),
})
export const preflightSchema = z.object({
  /** Of the keys asked for, those that exist already. */
  existing: z.array(z.object({ key: z.string(), size: countSchema, lastModified: timestampSchema })),
})
export type Preflight = z.infer<typeof preflightSchema>
