import { changeNamespaceKeysInput, namespaceKeysSchema } from '#lib/schemas/encryption.ts'
import { route } from '#lib/server/route.ts'

export const GET = route({ permission: 'administrator', output: namespaceKeysSchema }, ({ service, actor, param }) =>
  service.encryption.keys(actor, { namespace: param('ns') }),
)

export const POST = route(
  { permission: 'administrator', body: changeNamespaceKeysInput, output: namespaceKeysSchema },
  ({ service, actor, param, body }) => service.encryption.changeKeys(actor, { namespace: param('ns'), ...body }),
)
