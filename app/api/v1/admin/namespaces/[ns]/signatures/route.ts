import { setSignaturesInput } from '#lib/schemas/namespaces.ts'
import { route } from '#lib/server/route.ts'

export const PUT = route({ permission: 'administrator', body: setSignaturesInput }, ({ service, actor, param, body }) =>
  service.namespaces.setSigV2(actor, { namespace: param('ns'), isRefused: body.sigV2 === 'refused' }),
)
