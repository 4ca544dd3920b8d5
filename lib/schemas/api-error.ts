import { z } from 'zod'
import { noticeSchema } from '#lib/schemas/notice.ts'

/** What every JSON route answers with a status ≥ 400. `code` is S3's where S3 has one. */
export const apiErrorSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    requestId: z.string(),
    /** What `message` says, where it says more than the code. */
    notice: noticeSchema.optional(),
    /** Of InvalidArgument: what is wrong, by dotted path of the input. */
    fields: z.record(z.string(), z.string()).optional(),
  }),
})
export type ApiError = z.infer<typeof apiErrorSchema>
