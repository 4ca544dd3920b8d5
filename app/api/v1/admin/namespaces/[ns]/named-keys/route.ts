import { createdNamedKeySchema, createNamedKeyInput, namedKeysSchema } from '#lib/schemas/named-keys.ts'
import { route } from '#lib/server/route.ts'

export const GET = route({ permission: 'administrator', output: namedKeysSchema }, ({ service, actor, param }) =>
  service.namedKeys.list(actor, { namespace: param('ns') }),
)

export const POST = route(
  { permission: 'administrator', body: createNamedKeyInput, output: createdNamedKeySchema, status: 201 },
  ({ service, actor, param, body }) => service.namedKeys.create(actor, { namespace: param('ns'), ...body }),
)
