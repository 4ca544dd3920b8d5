import { z } from 'zod'
import { timestampSchema } from '#lib/schemas/page.ts'

export const NAMED_KEY_DAYS_MIN = 7
export const NAMED_KEY_DAYS_MAX = 30

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
export type NamedKey = z.infer<typeof namedKeySchema>

/** GET /api/v1/admin/namespaces/:ns/named-keys, by name. A namespace has few. */
export const namedKeysSchema = z.array(namedKeySchema)

/** POST /api/v1/admin/namespaces/:ns/named-keys → 201. `aws/s3` is the key that is meant when a request names none. */
export const createNamedKeyInput = z.object({
  name: nameSchema.regex(/^(?!aws\/(?!s3$))[A-Za-z0-9/_-]+$/, {
    message: 'letters, digits, "/", "_" and "-" only, and only aws/s3 may start with "aws/"',
  }),
})
export type CreateNamedKeyInput = z.input<typeof createNamedKeyInput>
export const createdNamedKeySchema = z.object({ id: z.string() })

/**
 * POST /api/v1/admin/namespaces/:ns/named-keys/changes → 204. A deleted key is out of use at once and destroyed after
 * `days`, 7 to 30; until then it can be kept, and is disabled then.
 */
export const changeNamedKeyInput = z.object({
  name: nameSchema,
  change: z.enum(['rotate', 'disable', 'enable', 'delete', 'keep']),
  days: z.number().int().min(NAMED_KEY_DAYS_MIN).max(NAMED_KEY_DAYS_MAX).default(NAMED_KEY_DAYS_MAX),
})
export type ChangeNamedKeyInput = z.input<typeof changeNamedKeyInput>
