import { namespaceSchema, setEncryptionInput } from '#lib/schemas/namespaces.ts'
import { route } from '#lib/server/route.ts'

export const PUT = route(
  { permission: 'administrator', body: setEncryptionInput, output: namespaceSchema },
  ({ service, actor, param, body }) => service.namespaces.setEncryption(actor, { namespace: param('ns'), ...body }),
)
