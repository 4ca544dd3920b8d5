import { listObjectsQuery, objectPageSchema } from '#lib/schemas/objects.ts'
import { route } from '#lib/server/route.ts'

export const GET = route(
  { permission: 'object-storage_read', query: listObjectsQuery, output: objectPageSchema },
  ({ service, actor, param, query }) =>
    service.objects.list(actor, { namespace: param('ns'), bucket: param('bucket'), ...query }),
)
