import { bucketSchema, deleteBucketInput } from '#lib/schemas/buckets.ts'
import { route } from '#lib/server/route.ts'

export const GET = route({ permission: 'object-storage_read', output: bucketSchema }, ({ service, actor, param }) =>
  service.buckets.get(actor, { namespace: param('ns'), bucket: param('bucket') }),
)

export const DELETE = route(
  { permission: 'object-storage_write', body: deleteBucketInput },
  ({ service, actor, param, body }) =>
    service.buckets.delete(actor, { namespace: param('ns'), bucket: param('bucket'), ...body }),
)
