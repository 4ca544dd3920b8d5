import { namespaceEncryptionSchema, setEncryptionInput } from '#lib/schemas/encryption.ts'
import { route } from '#lib/server/route.ts'

export const GET = route(
  { permission: 'administrator', output: namespaceEncryptionSchema },
  ({ service, actor, param }) => service.encryption.get(actor, { namespace: param('ns') }),
)

export const PUT = route(
  { permission: 'administrator', body: setEncryptionInput, output: namespaceEncryptionSchema },
  ({ service, actor, param, body }) => service.encryption.set(actor, { namespace: param('ns'), ...body }),
)
