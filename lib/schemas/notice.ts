import { z } from 'zod'

/** Of storage-engine/notice.ts: a code and its values, to be told in the reader's language. */
export const noticeSchema = z.object({
  code: z.string(),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
})
export type Notice = z.infer<typeof noticeSchema>

/** What work has to tell a person: in English, and as a notice unless it is of a release that knew none. */
export const told = { message: z.string().nullable(), notice: noticeSchema.nullable() }
