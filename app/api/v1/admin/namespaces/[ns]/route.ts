import { namespaceDetailsSchema } from '#lib/schemas/namespaces.ts'
import { route } from '#lib/server/route.ts'

export const GET = route({ permission: 'administrator', output: namespaceDetailsSchema }, ({ service, actor, param }) =>
  service.namespaces.get(actor, { namespace: param('ns') }),
)
