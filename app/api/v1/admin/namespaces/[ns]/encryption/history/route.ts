import { encryptionHistoryPageSchema, listEncryptionHistoryQuery } from '#lib/schemas/encryption.ts'
import { route } from '#lib/server/route.ts'

export const GET = route(
  { permission: 'administrator', query: listEncryptionHistoryQuery, output: encryptionHistoryPageSchema },
  ({ service, actor, param, query }) => service.encryption.history(actor, { namespace: param('ns'), ...query }),
)
