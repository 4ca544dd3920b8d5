import { z } from 'zod'

/** What every JSON route answers with a status ≥ 400. `code` is S3's where S3 has one. */
export const apiErrorSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    requestId: z.string(),
    /** Of InvalidArgument: what is wrong, by dotted path of the input. */
    fields: z.record(z.string(), z.string()).optional(),
  }),
})
export type ApiError = z.infer<typeof apiErrorSchema>
