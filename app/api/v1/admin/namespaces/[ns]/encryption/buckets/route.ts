import { bucketCoveragePageSchema, listBucketCoverageQuery } from '#lib/schemas/encryption.ts'
import { route } from '#lib/server/route.ts'

export const GET = route(
  { permission: 'administrator', query: listBucketCoverageQuery, output: bucketCoveragePageSchema },
  ({ service, actor, param, query }) => service.encryption.buckets(actor, { namespace: param('ns'), ...query }),
)
