import { StorageError } from '#storage-engine/errors.ts'
import { type Bucket, listBuckets as pageBuckets } from '#storage-engine/metadata/buckets.ts'
import { decodeToken, encodeToken } from '#storage-engine/s3/list-parameters.ts'
import { ownerXml } from '#storage-engine/s3/owner-xml.ts'
import type { ServiceRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

export const BUCKETS_MAX = 10_000

/** An object user's own buckets; all of the namespace's for its root and its storage accounts. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html */
export async function listBuckets(request: ServiceRequest): Promise<S3Response> {
  const { engine, principal, query } = request
  if (principal.kind === 'anonymous') throw new StorageError('AccessDenied')
  const prefix = query.values.get('prefix') ?? ''
  const token = query.values.get('continuation-token') ?? ''
  const region = query.values.get('bucket-region')
  const limit = readLimit(query.values.get('max-buckets'))
  const isElsewhere = region !== undefined && region !== '' && region !== engine.config.region
  const found = isElsewhere
    ? []
    : await pageBuckets(engine.db, {
        namespaceId: principal.namespaceId,
        ...(principal.kind === 'object-user' && !principal.isRoot ? { ownerId: principal.id } : {}),
        prefix,
        after: token === '' ? '' : decodeToken(token, 'continuation-token'),
        limit: limit + 1,
      })
  const buckets = found.slice(0, limit)
  const next = found.length > limit ? encodeToken((buckets.at(-1) as Bucket).name) : null
  const fields = [
    ownerXml('Owner', principal.kind === 'object-user' ? principal : principal.owner),
    `<Buckets>${buckets.map(bucketXml).join('')}</Buckets>`,
    element('ContinuationToken', next),
    query.values.has('prefix') ? element('Prefix', prefix) : '',
  ]
  return xmlResponse(xmlDocument('ListAllMyBucketsResult', fields.join('')))
}

function bucketXml({ name, createdAt, region }: Bucket): string {
  return `<Bucket>${element('Name', name)}${element('CreationDate', createdAt.toISOString())}${element('BucketRegion', region)}</Bucket>`
}

function readLimit(text: string | undefined): number {
  if (text === undefined || text === '') return BUCKETS_MAX
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= BUCKETS_MAX) return limit
  throw new StorageError('InvalidArgument', {
    message: `Argument max-buckets must be an integer between 1 and ${BUCKETS_MAX}`,
    extra: { ArgumentName: 'max-buckets', ArgumentValue: text },
  })
}
