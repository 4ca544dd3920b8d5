import { customType } from 'drizzle-orm/pg-core'

/** Text that sorts by bytes, as S3 orders keys, whatever the database's locale is. */
export const byteText = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' })

export const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' })
