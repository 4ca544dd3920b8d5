import { StorageError, type StorageErrorCode } from '#storage-engine/errors.ts'
import type { Operation } from '#storage-engine/s3/operation.ts'
import { deleteBucketCors } from '#storage-engine/s3/operations/delete-bucket-cors.ts'
import { deleteBucketEncryption } from '#storage-engine/s3/operations/delete-bucket-encryption.ts'
import { deleteBucketLifecycle } from '#storage-engine/s3/operations/delete-bucket-lifecycle.ts'
import { deleteBucketOwnershipControls } from '#storage-engine/s3/operations/delete-bucket-ownership-controls.ts'
import { deleteBucketPolicy } from '#storage-engine/s3/operations/delete-bucket-policy.ts'
import { deleteBucketTagging } from '#storage-engine/s3/operations/delete-bucket-tagging.ts'
import { deleteBucketWebsite } from '#storage-engine/s3/operations/delete-bucket-website.ts'
import { deletePublicAccessBlock } from '#storage-engine/s3/operations/delete-public-access-block.ts'
import { getBucketAccelerateConfiguration } from '#storage-engine/s3/operations/get-bucket-accelerate-configuration.ts'
import { getBucketAcl } from '#storage-engine/s3/operations/get-bucket-acl.ts'
import { getBucketCors } from '#storage-engine/s3/operations/get-bucket-cors.ts'
import { getBucketEncryption } from '#storage-engine/s3/operations/get-bucket-encryption.ts'
import { getBucketLifecycleConfiguration } from '#storage-engine/s3/operations/get-bucket-lifecycle-configuration.ts'
import { getBucketLogging } from '#storage-engine/s3/operations/get-bucket-logging.ts'
import { getBucketNotificationConfiguration } from '#storage-engine/s3/operations/get-bucket-notification-configuration.ts'
import { getBucketOwnershipControls } from '#storage-engine/s3/operations/get-bucket-ownership-controls.ts'
import { getBucketPolicy } from '#storage-engine/s3/operations/get-bucket-policy.ts'
import { getBucketPolicyStatus } from '#storage-engine/s3/operations/get-bucket-policy-status.ts'
import { getBucketRequestPayment } from '#storage-engine/s3/operations/get-bucket-request-payment.ts'
import { getBucketTagging } from '#storage-engine/s3/operations/get-bucket-tagging.ts'
import { getBucketVersioning } from '#storage-engine/s3/operations/get-bucket-versioning.ts'
import { getBucketWebsite } from '#storage-engine/s3/operations/get-bucket-website.ts'
import { getObjectLockConfiguration } from '#storage-engine/s3/operations/get-object-lock-configuration.ts'
import { getPublicAccessBlock } from '#storage-engine/s3/operations/get-public-access-block.ts'
import { putBucketAccelerateConfiguration } from '#storage-engine/s3/operations/put-bucket-accelerate-configuration.ts'
import { putBucketAcl } from '#storage-engine/s3/operations/put-bucket-acl.ts'
import { putBucketCors } from '#storage-engine/s3/operations/put-bucket-cors.ts'
import { putBucketEncryption } from '#storage-engine/s3/operations/put-bucket-encryption.ts'
import { putBucketLifecycleConfiguration } from '#storage-engine/s3/operations/put-bucket-lifecycle-configuration.ts'
import { putBucketLogging } from '#storage-engine/s3/operations/put-bucket-logging.ts'
import { putBucketNotificationConfiguration } from '#storage-engine/s3/operations/put-bucket-notification-configuration.ts'
import { putBucketOwnershipControls } from '#storage-engine/s3/operations/put-bucket-ownership-controls.ts'
import { putBucketPolicy } from '#storage-engine/s3/operations/put-bucket-policy.ts'
import { putBucketRequestPayment } from '#storage-engine/s3/operations/put-bucket-request-payment.ts'
import { putBucketTagging } from '#storage-engine/s3/operations/put-bucket-tagging.ts'
import { putBucketVersioning } from '#storage-engine/s3/operations/put-bucket-versioning.ts'
import { putBucketWebsite } from '#storage-engine/s3/operations/put-bucket-website.ts'
import { putObjectLockConfiguration } from '#storage-engine/s3/operations/put-object-lock-configuration.ts'
import { putPublicAccessBlock } from '#storage-engine/s3/operations/put-public-access-block.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'

/** Sub-resources of a bucket. Of one that cannot be set yet the GET answers as for an untouched bucket, and the rest is refused. */
export const BUCKET_CONFIGURATIONS: Operation[] = [
  answered('GetBucketAcl', 'GET', 'acl', { action: 's3:GetBucketAcl', run: getBucketAcl }),
  answered('PutBucketAcl', 'PUT', 'acl', { action: 's3:PutBucketAcl', run: putBucketAcl }),
  answered('GetBucketVersioning', 'GET', 'versioning', { action: 's3:GetBucketVersioning', run: getBucketVersioning }),
  answered('PutBucketVersioning', 'PUT', 'versioning', { action: 's3:PutBucketVersioning', run: putBucketVersioning }),
  answered('GetBucketPolicyStatus', 'GET', 'policyStatus', {
    action: 's3:GetBucketPolicyStatus',
    run: getBucketPolicyStatus,
  }),
  answered('GetBucketPolicy', 'GET', 'policy', { action: 's3:GetBucketPolicy', run: getBucketPolicy }),
  answered('PutBucketPolicy', 'PUT', 'policy', { action: 's3:PutBucketPolicy', run: putBucketPolicy }),
  answered('DeleteBucketPolicy', 'DELETE', 'policy', { action: 's3:DeleteBucketPolicy', run: deleteBucketPolicy }),
  answered('GetBucketCors', 'GET', 'cors', { action: 's3:GetBucketCORS', run: getBucketCors }),
  answered('PutBucketCors', 'PUT', 'cors', { action: 's3:PutBucketCORS', run: putBucketCors }),
  answered('DeleteBucketCors', 'DELETE', 'cors', { action: 's3:PutBucketCORS', run: deleteBucketCors }),
  answered('GetBucketLifecycleConfiguration', 'GET', 'lifecycle', {
    action: 's3:GetLifecycleConfiguration',
    run: getBucketLifecycleConfiguration,
  }),
  answered('PutBucketLifecycleConfiguration', 'PUT', 'lifecycle', {
    action: 's3:PutLifecycleConfiguration',
    run: putBucketLifecycleConfiguration,
  }),
  answered('DeleteBucketLifecycle', 'DELETE', 'lifecycle', {
    action: 's3:PutLifecycleConfiguration',
    run: deleteBucketLifecycle,
  }),
  answered('GetBucketLogging', 'GET', 'logging', { action: 's3:GetBucketLogging', run: getBucketLogging }),
  answered('PutBucketLogging', 'PUT', 'logging', { action: 's3:PutBucketLogging', run: putBucketLogging }),
  answered('GetBucketNotificationConfiguration', 'GET', 'notification', {
    action: 's3:GetBucketNotification',
    run: getBucketNotificationConfiguration,
  }),
  answered('PutBucketNotificationConfiguration', 'PUT', 'notification', {
    action: 's3:PutBucketNotification',
    run: putBucketNotificationConfiguration,
  }),
  answered('GetBucketAccelerateConfiguration', 'GET', 'accelerate', {
    action: 's3:GetAccelerateConfiguration',
    run: getBucketAccelerateConfiguration,
  }),
  answered('PutBucketAccelerateConfiguration', 'PUT', 'accelerate', {
    action: 's3:PutAccelerateConfiguration',
    run: putBucketAccelerateConfiguration,
  }),
  answered('GetBucketRequestPayment', 'GET', 'requestPayment', {
    action: 's3:GetBucketRequestPayment',
    run: getBucketRequestPayment,
  }),
  answered('PutBucketRequestPayment', 'PUT', 'requestPayment', {
    action: 's3:PutBucketRequestPayment',
    run: putBucketRequestPayment,
  }),
  answered('GetBucketTagging', 'GET', 'tagging', { action: 's3:GetBucketTagging', run: getBucketTagging }),
  answered('PutBucketTagging', 'PUT', 'tagging', { action: 's3:PutBucketTagging', run: putBucketTagging }),
  answered('DeleteBucketTagging', 'DELETE', 'tagging', { action: 's3:PutBucketTagging', run: deleteBucketTagging }),
  answered('GetBucketWebsite', 'GET', 'website', { action: 's3:GetBucketWebsite', run: getBucketWebsite }),
  answered('PutBucketWebsite', 'PUT', 'website', { action: 's3:PutBucketWebsite', run: putBucketWebsite }),
  answered('DeleteBucketWebsite', 'DELETE', 'website', { action: 's3:DeleteBucketWebsite', run: deleteBucketWebsite }),
  answered('GetBucketEncryption', 'GET', 'encryption', {
    action: 's3:GetEncryptionConfiguration',
    run: getBucketEncryption,
  }),
  answered('PutBucketEncryption', 'PUT', 'encryption', {
    action: 's3:PutEncryptionConfiguration',
    run: putBucketEncryption,
  }),
  answered('DeleteBucketEncryption', 'DELETE', 'encryption', {
    action: 's3:PutEncryptionConfiguration',
    run: deleteBucketEncryption,
  }),
  answered('GetObjectLockConfiguration', 'GET', 'object-lock', {
    action: 's3:GetBucketObjectLockConfiguration',
    run: getObjectLockConfiguration,
  }),
  answered('PutObjectLockConfiguration', 'PUT', 'object-lock', {
    action: 's3:PutBucketObjectLockConfiguration',
    run: putObjectLockConfiguration,
  }),
  ...untouched('BucketReplication', 'replication', {
    get: missing('ReplicationConfigurationNotFoundError'),
    set: ['Put', 'Delete'],
  }),
  answered('GetPublicAccessBlock', 'GET', 'publicAccessBlock', {
    action: 's3:GetBucketPublicAccessBlock',
    run: getPublicAccessBlock,
  }),
  answered('PutPublicAccessBlock', 'PUT', 'publicAccessBlock', {
    action: 's3:PutBucketPublicAccessBlock',
    run: putPublicAccessBlock,
  }),
  answered('DeletePublicAccessBlock', 'DELETE', 'publicAccessBlock', {
    action: 's3:PutBucketPublicAccessBlock',
    run: deletePublicAccessBlock,
  }),
  answered('GetBucketOwnershipControls', 'GET', 'ownershipControls', {
    action: 's3:GetBucketOwnershipControls',
    run: getBucketOwnershipControls,
  }),
  answered('PutBucketOwnershipControls', 'PUT', 'ownershipControls', {
    action: 's3:PutBucketOwnershipControls',
    run: putBucketOwnershipControls,
  }),
  answered('DeleteBucketOwnershipControls', 'DELETE', 'ownershipControls', {
    action: 's3:PutBucketOwnershipControls',
    run: deleteBucketOwnershipControls,
  }),
  ...untouched('BucketAnalyticsConfiguration', 'analytics', {
    get: listOrMissing('ListBucketAnalyticsConfigurationResult'),
    set: ['Put', 'Delete'],
  }),
  ...untouched('BucketInventoryConfiguration', 'inventory', {
    get: listOrMissing('ListInventoryConfigurationsResult'),
    set: ['Put', 'Delete'],
  }),
  ...untouched('BucketMetricsConfiguration', 'metrics', {
    get: listOrMissing('ListMetricsConfigurationsResult'),
    set: ['Put', 'Delete'],
  }),
  ...untouched('BucketIntelligentTieringConfiguration', 'intelligent-tiering', {
    get: listOrMissing('ListBucketIntelligentTieringConfigurationsOutput'),
    set: ['Put', 'Delete'],
  }),
  refused('GetBucketAbac', 'GET', 'abac'),
  refused('PutBucketAbac', 'PUT', 'abac'),
  refused('CreateSession', 'GET', 'session'),
  refused('CreateBucketMetadataConfiguration', 'POST', 'metadataConfiguration'),
  refused('GetBucketMetadataConfiguration', 'GET', 'metadataConfiguration'),
  refused('DeleteBucketMetadataConfiguration', 'DELETE', 'metadataConfiguration'),
  refused('UpdateBucketMetadataInventoryTableConfiguration', 'PUT', 'metadataInventoryTable'),
  refused('UpdateBucketMetadataJournalTableConfiguration', 'PUT', 'metadataJournalTable'),
  refused('CreateBucketMetadataTableConfiguration', 'POST', 'metadataTable'),
  refused('GetBucketMetadataTableConfiguration', 'GET', 'metadataTable'),
  refused('DeleteBucketMetadataTableConfiguration', 'DELETE', 'metadataTable'),
]

type RunOnBucket = (request: BucketRequest) => S3Response | Promise<S3Response>

function answered(
  name: string,
  method: Operation['method'],
  parameter: string,
  { action, run }: { action: string; run: RunOnBucket },
): Operation {
  return { name, method, on: 'bucket', query: [parameter], needs: 'bucket', action, run }
}

function untouched(
  noun: string,
  parameter: string,
  { get, set }: { get: RunOnBucket; set: ('Put' | 'Delete')[] },
): Operation[] {
  const read: Operation = {
    name: `Get${noun}`,
    method: 'GET',
    on: 'bucket',
    query: [parameter],
    needs: 'bucket',
    action: `s3:Get${noun}`,
    run: get,
    isUntouched: true,
  }
  return [read, ...set.map((verb) => refused(`${verb}${noun}`, verb === 'Put' ? 'PUT' : 'DELETE', parameter))]
}

function refused(name: string, method: Operation['method'], parameter: string): Operation {
  return { name, method, on: 'bucket', query: [parameter], needs: 'not-implemented' }
}

function missing(code: StorageErrorCode): RunOnBucket {
  return ({ bucket }) => {
    throw new StorageError(code, { extra: { BucketName: bucket.name } })
  }
}

/** A list of all, or one by its id. */
function listOrMissing(name: string): RunOnBucket {
  return ({ query }) => {
    if (query.values.has('id')) throw new StorageError('NoSuchConfiguration')
    return xmlResponse(xmlDocument(name, '<IsTruncated>false</IsTruncated>'))
  }
}
