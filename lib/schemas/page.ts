import { z } from 'zod'

const PAGE_LIMIT_MAX = 1000

/** Query parameters of every list. A cursor is opaque: give back what `nextCursor` said, with the same other parameters. */
export const pageQuery = {
  cursor: z.string().min(1).max(8192).optional(),
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT_MAX).default(100),
}

export const sortOrderSchema = z.enum(['asc', 'desc'])
export type SortOrder = z.infer<typeof sortOrderSchema>

/** Case-insensitive substring; empty means no filter. */
export const searchSchema = z.string().trim().max(200).default('')

/** ISO 8601 in UTC with milliseconds. */
export const timestampSchema = z.iso.datetime()

/** A count, or bytes. */
export const countSchema = z.number().int().nonnegative()
