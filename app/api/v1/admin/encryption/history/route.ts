import { encryptionHistoryPageSchema, listEncryptionHistoryQuery } from '#lib/schemas/encryption.ts'
import { route } from '#lib/server/route.ts'

export const GET = route(
  { permission: 'administrator', query: listEncryptionHistoryQuery, output: encryptionHistoryPageSchema },
  ({ service, actor, query }) => service.encryption.history(actor, { namespace: null, ...query }),
)
