import { objectDetailsSchema, objectQuery } from '#lib/schemas/objects.ts'
import { route } from '#lib/server/route.ts'

export const GET = route(
  { permission: 'object-storage_read', query: objectQuery, output: objectDetailsSchema },
  ({ service, actor, param, query }) =>
    service.objects.get(actor, { namespace: param('ns'), bucket: param('bucket'), ...query }),
)
