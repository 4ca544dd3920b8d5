import { bucketPageSchema, bucketSchema, createBucketInput, listBucketsQuery } from '#lib/schemas/buckets.ts'
import { route } from '#lib/server/route.ts'

export const GET = route(
  { permission: 'object-storage_read', query: listBucketsQuery, output: bucketPageSchema },
  ({ service, actor, param, query }) => service.buckets.list(actor, { namespace: param('ns'), ...query }),
)

export const POST = route(
  { permission: 'object-storage_write', body: createBucketInput, output: bucketSchema, status: 201 },
  ({ service, actor, param, body }) => service.buckets.create(actor, { namespace: param('ns'), ...body }),
)
