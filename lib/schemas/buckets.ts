import { z } from 'zod'
import { brokenBucketNameRules } from '#lib/schemas/bucket-name.ts'
import { countSchema, pageQuery, searchSchema, sortOrderSchema, timestampSchema } from '#lib/schemas/page.ts'

const bucketNameSchema = z.string().refine((name) => brokenBucketNameRules(name).length === 0, {
  message: 'not a valid bucket name',
})

/** How many stored bytes are sealed, as the blobs are: facts, whatever the switch says. */
const coverageSchema = z.object({ sealedBytes: countSchema, plainBytes: countSchema })

export const bucketSchema = z.object({
  name: z.string(),
  createdAt: timestampSchema,
  region: z.string(),
  versioning: z.enum(['unversioned', 'enabled', 'suspended']),
  objectCount: countSchema,
  sizeBytes: countSchema,
  encryption: z.object({
    /** Whether new data is sealed: the namespace's switch. */
    mode: z.enum(['off', 'on']),
    coverage: coverageSchema,
  }),
})
export type Bucket = z.infer<typeof bucketSchema>

/** GET /api/v1/namespaces/:ns/buckets */
export const listBucketsQuery = z.object({
  ...pageQuery,
  search: searchSchema,
  sort: z.enum(['name', 'created', 'objects', 'size']).default('name'),
  order: sortOrderSchema.default('asc'),
})
export type ListBucketsQuery = z.input<typeof listBucketsQuery>
export const bucketPageSchema = z.object({ buckets: z.array(bucketSchema), nextCursor: z.string().nullable() })

/** POST /api/v1/namespaces/:ns/buckets → 201 bucketSchema */
export const createBucketInput = z.object({ name: bucketNameSchema })
export type CreateBucketInput = z.input<typeof createBucketInput>

/** DELETE /api/v1/namespaces/:ns/buckets/:bucket → 204; `confirm` is the exact name. 409 BucketNotEmpty. */
export const deleteBucketInput = z.object({ confirm: z.string().max(255) })
export type DeleteBucketInput = z.input<typeof deleteBucketInput>
