import { z } from 'zod'
import { told } from '#lib/schemas/notice.ts'
import { countSchema, timestampSchema } from '#lib/schemas/page.ts'

/** GET /api/v1/namespaces/:ns/activities/:id: long work that a person started. */
export const activitySchema = z.object({
  id: z.uuid(),
  kind: z.enum(['delete-objects']),
  state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  doneCount: countSchema,
  totalCount: countSchema.nullable(),
  /** Why it failed. */
  ...told,
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
})
export type Activity = z.infer<typeof activitySchema>
