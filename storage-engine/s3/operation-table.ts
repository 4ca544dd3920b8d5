import type { Headers, Query } from '#storage-engine/auth/wire-request.ts'
import { BUCKET_CONFIGURATIONS } from '#storage-engine/s3/bucket-configurations.ts'
import { OBJECT_CONFIGURATIONS } from '#storage-engine/s3/object-configurations.ts'
import { byVersion, type Operation } from '#storage-engine/s3/operation.ts'
import { abortMultipartUpload } from '#storage-engine/s3/operations/abort-multipart-upload.ts'
import { completeMultipartUpload } from '#storage-engine/s3/operations/complete-multipart-upload.ts'
import { copyObject } from '#storage-engine/s3/operations/copy-object.ts'
import { createBucket } from '#storage-engine/s3/operations/create-bucket.ts'
import { createMultipartUpload } from '#storage-engine/s3/operations/create-multipart-upload.ts'
import { deleteBucket } from '#storage-engine/s3/operations/delete-bucket.ts'
import { deleteObject } from '#storage-engine/s3/operations/delete-object.ts'
import { deleteObjects } from '#storage-engine/s3/operations/delete-objects.ts'
import { getBucketLocation } from '#storage-engine/s3/operations/get-bucket-location.ts'
import { getObject } from '#storage-engine/s3/operations/get-object.ts'
import { headBucket } from '#storage-engine/s3/operations/head-bucket.ts'
import { headObject } from '#storage-engine/s3/operations/head-object.ts'
import { listBuckets } from '#storage-engine/s3/operations/list-buckets.ts'
import { listMultipartUploads } from '#storage-engine/s3/operations/list-multipart-uploads.ts'
import { listObjectVersions } from '#storage-engine/s3/operations/list-object-versions.ts'
import { listObjects } from '#storage-engine/s3/operations/list-objects.ts'
import { listObjectsV2 } from '#storage-engine/s3/operations/list-objects-v2.ts'
import { listParts } from '#storage-engine/s3/operations/list-parts.ts'
import { postObject } from '#storage-engine/s3/operations/post-object.ts'
import { preflight } from '#storage-engine/s3/operations/preflight.ts'
import { putObject } from '#storage-engine/s3/operations/put-object.ts'
import { uploadPart } from '#storage-engine/s3/operations/upload-part.ts'
import { uploadPartCopy } from '#storage-engine/s3/operations/upload-part-copy.ts'

const SERVICE: Operation[] = [
  {
    name: 'ListBuckets',
    method: 'GET',
    on: 'service',
    needs: 'service',
    action: 's3:ListAllMyBuckets',
    run: listBuckets,
  },
]

const BUCKET: Operation[] = [
  {
    name: 'CreateBucket',
    method: 'PUT',
    on: 'bucket',
    needs: 'bucket-name',
    action: 's3:CreateBucket',
    run: createBucket,
  },
  { name: 'HeadBucket', method: 'HEAD', on: 'bucket', needs: 'bucket', action: 's3:ListBucket', run: headBucket },
  {
    name: 'DeleteBucket',
    method: 'DELETE',
    on: 'bucket',
    needs: 'bucket',
    action: 's3:DeleteBucket',
    run: deleteBucket,
  },
  {
    name: 'GetBucketLocation',
    method: 'GET',
    on: 'bucket',
    query: ['location'],
    needs: 'bucket',
    action: 's3:GetBucketLocation',
    run: getBucketLocation,
  },
  {
    name: 'ListMultipartUploads',
    method: 'GET',
    on: 'bucket',
    query: ['uploads'],
    needs: 'bucket',
    action: 's3:ListBucketMultipartUploads',
    run: listMultipartUploads,
  },
  {
    name: 'ListObjectVersions',
    method: 'GET',
    on: 'bucket',
    query: ['versions'],
    needs: 'bucket',
    action: 's3:ListBucketVersions',
    run: listObjectVersions,
  },
  {
    name: 'ListObjectsV2',
    method: 'GET',
    on: 'bucket',
    query: ['list-type=2'],
    needs: 'bucket',
    action: 's3:ListBucket',
    run: listObjectsV2,
  },
  { name: 'ListObjects', method: 'GET', on: 'bucket', needs: 'bucket', action: 's3:ListBucket', run: listObjects },
  {
    name: 'DeleteObjects',
    method: 'POST',
    on: 'bucket',
    query: ['delete'],
    needs: 'bucket',
    action: 's3:DeleteObject',
    passes: 'each-key',
    run: deleteObjects,
  },
  { name: 'PostObject', method: 'POST', on: 'bucket', needs: 'form', action: 's3:PutObject', run: postObject },
  { name: 'Preflight', method: 'OPTIONS', on: 'bucket', needs: 'preflight', run: preflight },
]

const READ = byVersion('s3:GetObject', 's3:GetObjectVersion')

const OBJECT: Operation[] = [
  {
    name: 'UploadPartCopy',
    method: 'PUT',
    on: 'object',
    query: ['partNumber', 'uploadId'],
    header: 'x-amz-copy-source',
    needs: 'key',
    action: 's3:PutObject',
    run: uploadPartCopy,
    isLong: true,
  },
  {
    name: 'UploadPart',
    method: 'PUT',
    on: 'object',
    query: ['partNumber', 'uploadId'],
    needs: 'key',
    action: 's3:PutObject',
    run: uploadPart,
  },
  {
    name: 'CopyObject',
    method: 'PUT',
    on: 'object',
    header: 'x-amz-copy-source',
    needs: 'key',
    action: 's3:PutObject',
    run: copyObject,
    isLong: true,
  },
  { name: 'PutObject', method: 'PUT', on: 'object', needs: 'key', action: 's3:PutObject', run: putObject },
  {
    name: 'ListParts',
    method: 'GET',
    on: 'object',
    query: ['uploadId'],
    needs: 'key',
    action: 's3:ListMultipartUploadParts',
    passes: 'initiator',
    run: listParts,
  },
  { name: 'GetObject', method: 'GET', on: 'object', needs: 'object', action: READ, run: getObject },
  { name: 'HeadObject', method: 'HEAD', on: 'object', needs: 'object', action: READ, run: headObject },
  {
    name: 'AbortMultipartUpload',
    method: 'DELETE',
    on: 'object',
    query: ['uploadId'],
    needs: 'key',
    action: 's3:AbortMultipartUpload',
    passes: 'initiator',
    run: abortMultipartUpload,
  },
  {
    name: 'DeleteObject',
    method: 'DELETE',
    on: 'object',
    needs: 'key',
    action: byVersion('s3:DeleteObject', 's3:DeleteObjectVersion'),
    run: deleteObject,
  },
  {
    name: 'CreateMultipartUpload',
    method: 'POST',
    on: 'object',
    query: ['uploads'],
    needs: 'key',
    action: 's3:PutObject',
    run: createMultipartUpload,
  },
  {
    name: 'CompleteMultipartUpload',
    method: 'POST',
    on: 'object',
    query: ['uploadId'],
    needs: 'key',
    action: 's3:PutObject',
    run: completeMultipartUpload,
    isLong: true,
  },
  { name: 'Preflight', method: 'OPTIONS', on: 'object', needs: 'preflight', run: preflight },
]

/** Every operation of S3's API, in order of precedence: of two rows that fit, the first one counts. */
export const OPERATIONS: readonly Operation[] = [
  ...SERVICE,
  ...BUCKET_CONFIGURATIONS,
  ...BUCKET,
  ...OBJECT_CONFIGURATIONS,
  ...OBJECT,
]

interface Candidate {
  operation: Operation
  query: { name: string; value: string | null }[] | null
  header: string | null
}

/** By method and target; those without a query parameter also apart, as most requests have none. */
const CANDIDATES = indexOperations()

/** The row that a request selects; null when the target knows no such method. Unknown query parameters are ignored. */
export function findOperation(request: {
  method: string
  on: Operation['on']
  query: Query
  headers: Headers
}): Operation | null {
  const candidates = CANDIDATES.get(`${request.method} ${request.on}`)
  if (candidates === undefined) return null
  const { values } = request.query
  const rows = values.size === 0 ? candidates.withoutQuery : candidates.all
  for (const { operation, query, header } of rows) {
    if (
      query !== null &&
      !query.some(({ name, value }) => (value === null ? values.has(name) : values.get(name) === value))
    )
      continue
    if (header === null || request.headers.has(header)) return operation
  }
  return null
}

function indexOperations(): Map<string, { all: Candidate[]; withoutQuery: Candidate[] }> {
  const index = new Map<string, { all: Candidate[]; withoutQuery: Candidate[] }>()
  for (const operation of OPERATIONS) {
    const name = `${operation.method} ${operation.on}`
    const entry = index.get(name) ?? { all: [], withoutQuery: [] }
    index.set(name, entry)
    const candidate = {
      operation,
      query: operation.query?.map(parseSelector) ?? null,
      header: operation.header ?? null,
    }
    entry.all.push(candidate)
    if (candidate.query === null) entry.withoutQuery.push(candidate)
  }
  return index
}

function parseSelector(selector: string): { name: string; value: string | null } {
  const at = selector.indexOf('=')
  return at === -1 ? { name: selector, value: null } : { name: selector.slice(0, at), value: selector.slice(at + 1) }
}
