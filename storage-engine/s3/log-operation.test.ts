import { expect, test } from 'vitest'
import { logOperationOf, WEBSITE } from '#storage-engine/s3/log-operation.ts'
import { OPERATIONS } from '#storage-engine/s3/operation-table.ts'

/** As they stand in logs of S3 itself. */
test.each([
  ['ListObjectsV2', 'REST.GET.BUCKET'],
  ['ListObjects', 'REST.GET.BUCKET'],
  ['ListObjectVersions', 'REST.GET.BUCKETVERSIONS'],
  ['ListMultipartUploads', 'REST.GET.UPLOADS'],
  ['ListParts', 'REST.GET.UPLOAD'],
  ['HeadBucket', 'REST.HEAD.BUCKET'],
  ['GetBucketAcl', 'REST.GET.ACL'],
  ['PutObjectAcl', 'REST.PUT.ACL'],
  ['GetBucketPolicy', 'REST.GET.BUCKETPOLICY'],
  ['GetBucketPolicyStatus', 'REST.GET.POLICY_STATUS'],
  ['PutBucketVersioning', 'REST.PUT.VERSIONING'],
  ['GetBucketLogging', 'REST.GET.LOGGING_STATUS'],
  ['GetBucketRequestPayment', 'REST.GET.REQUEST_PAYMENT'],
  ['GetPublicAccessBlock', 'REST.GET.PUBLIC_ACCESS_BLOCK'],
  ['GetBucketOwnershipControls', 'REST.GET.OWNERSHIP_CONTROLS'],
  ['GetObjectLockConfiguration', 'REST.GET.OBJECT_LOCK_CONFIGURATION'],
  ['GetBucketIntelligentTieringConfiguration', 'REST.GET.INTELLIGENT_TIERING'],
  ['GetBucketTagging', 'REST.GET.TAGGING'],
  ['GetObjectTagging', 'REST.GET.OBJECT_TAGGING'],
  ['GetObjectAttributes', 'REST.GET.OBJECT_ATTRIBUTES'],
  ['PutObjectRetention', 'REST.PUT.RETENTION'],
  ['PutObjectLegalHold', 'REST.PUT.LEGAL_HOLD'],
  ['PutObject', 'REST.PUT.OBJECT'],
  ['PostObject', 'REST.POST.OBJECT'],
  ['CopyObject', 'REST.COPY.OBJECT'],
  ['CreateMultipartUpload', 'REST.POST.UPLOADS'],
  ['UploadPart', 'REST.PUT.PART'],
  ['UploadPartCopy', 'REST.COPY.PART'],
  ['CompleteMultipartUpload', 'REST.POST.UPLOAD'],
  ['AbortMultipartUpload', 'REST.DELETE.UPLOAD'],
  ['DeleteObjects', 'REST.POST.MULTI_OBJECT_DELETE'],
  ['Preflight', 'REST.OPTIONS.PREFLIGHT'],
])('logs call %s %s', (name, expected) => {
  const row = OPERATIONS.find((operation) => operation.name === name)
  expect(row && logOperationOf(row)).toBe(expected)
})

test('every row has a name of one word, and a website its own', () => {
  for (const row of OPERATIONS) expect(logOperationOf(row)).toMatch(/^REST\.[A-Z]+\.[A-Z_]+$/)
  expect(logOperationOf({ name: WEBSITE, method: 'HEAD', on: 'object' })).toBe('WEBSITE.HEAD.OBJECT')
})
