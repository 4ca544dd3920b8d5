import { namespaceKeysSchema, scheduleShredInput } from '#lib/schemas/encryption.ts'
import { route } from '#lib/server/route.ts'

export const POST = route(
  { permission: 'administrator', body: scheduleShredInput, output: namespaceKeysSchema },
  ({ service, actor, param, body }) => service.encryption.shred(actor, { namespace: param('ns'), ...body }),
)

export const DELETE = route({ permission: 'administrator', output: namespaceKeysSchema }, ({ service, actor, param }) =>
  service.encryption.keep(actor, { namespace: param('ns') }),
)
