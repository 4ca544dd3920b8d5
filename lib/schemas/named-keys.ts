import { z } from 'zod'
import { timestampSchema } from '#lib/schemas/page.ts'

const nameSchema = z.string().min(1).max(250)

/** A key that clients of a namespace may name for SSE-KMS. */
const namedKeySchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(['enabled', 'disabled', 'pending-deletion', 'deleted']),
  createdAt: timestampSchema,
  /** When a key that is pending deletion loses its material. */
  deleteAt: timestampSchema.nullable(),
})

/** GET /api/v1/admin/namespaces/:ns/named-keys, by name. A namespace has few. */
export const namedKeysSchema = z.array(namedKeySchema)

/** POST /api/v1/admin/namespaces/:ns/named-keys → 201. `aws/s3` is the key that is meant when a request names none. */
export const createNamedKeyInput = z.object({ name: nameSchema })
export const createdNamedKeySchema = z.object({ id: z.string() })

/**
 * POST /api/v1/admin/namespaces/:ns/named-keys/changes → 204. A deleted key is out of use at once and destroyed after
 * `days`, 7 to 30; until then it can be kept, and is disabled then.
 */
export const changeNamedKeyInput = z.object({
  name: nameSchema,
  change: z.enum(['rotate', 'disable', 'enable', 'delete', 'keep']),
  days: z.number().int().min(7).max(30).default(30),
})
