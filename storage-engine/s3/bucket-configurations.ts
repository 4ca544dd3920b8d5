import { StorageError, type StorageErrorCode } from '#storage-engine/errors.ts'
import type { Operation } from '#storage-engine/s3/operation.ts'
import { deleteBucketLifecycle } from '#storage-engine/s3/operations/delete-bucket-lifecycle.ts'
import { getBucketLifecycleConfiguration } from '#storage-engine/s3/operations/get-bucket-lifecycle-configuration.ts'
import { putBucketLifecycleConfiguration } from '#storage-engine/s3/operations/put-bucket-lifecycle-configuration.ts'
import { ownerXml } from '#storage-engine/s3/owner-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'

/** Sub-resources of a bucket: none can be set yet, so each GET answers as for an untouched bucket, and the rest is refused. */
export const BUCKET_CONFIGURATIONS: Operation[] = [
  ...untouched('BucketAcl', 'acl', { get: getAcl, set: ['Put'] }),
  ...untouched('BucketVersioning', 'versioning', { get: empty('VersioningConfiguration'), set: ['Put'] }),
  ...untouched('BucketPolicyStatus', 'policyStatus', {
    get: document('PolicyStatus', '<IsPublic>FALSE</IsPublic>'),
    set: [],
  }),
  ...untouched('BucketPolicy', 'policy', { get: missing('NoSuchBucketPolicy'), set: ['Put', 'Delete'] }),
  ...untouched('BucketCors', 'cors', { get: missing('NoSuchCORSConfiguration'), set: ['Put', 'Delete'] }),
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
  ...untouched('BucketLogging', 'logging', { get: empty('BucketLoggingStatus'), set: ['Put'] }),
  ...untouched('BucketNotificationConfiguration', 'notification', {
    get: empty('NotificationConfiguration'),
    set: ['Put'],
  }),
  ...untouched('BucketAccelerateConfiguration', 'accelerate', { get: empty('AccelerateConfiguration'), set: ['Put'] }),
  ...untouched('BucketRequestPayment', 'requestPayment', {
    get: document('RequestPaymentConfiguration', '<Payer>BucketOwner</Payer>'),
    set: ['Put'],
  }),
  ...untouched('BucketTagging', 'tagging', { get: missing('NoSuchTagSet'), set: ['Put', 'Delete'] }),
  ...untouched('BucketWebsite', 'website', { get: missing('NoSuchWebsiteConfiguration'), set: ['Put', 'Delete'] }),
  ...untouched('BucketEncryption', 'encryption', {
    get: missing('ServerSideEncryptionConfigurationNotFoundError'),
    set: ['Put', 'Delete'],
  }),
  ...untouched('ObjectLockConfiguration', 'object-lock', {
    get: missing('ObjectLockConfigurationNotFoundError'),
    set: ['Put'],
  }),
  ...untouched('BucketReplication', 'replication', {
    get: missing('ReplicationConfigurationNotFoundError'),
    set: ['Put', 'Delete'],
  }),
  ...untouched('PublicAccessBlock', 'publicAccessBlock', {
    get: missing('NoSuchPublicAccessBlockConfiguration'),
    set: ['Put', 'Delete'],
  }),
  ...untouched('BucketOwnershipControls', 'ownershipControls', {
    get: missing('OwnershipControlsNotFoundError'),
    set: ['Put', 'Delete'],
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

function empty(name: string): RunOnBucket {
  return document(name, '')
}

function document(name: string, content: string): RunOnBucket {
  return () => xmlResponse(xmlDocument(name, content))
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

async function getAcl({ bucket, owners }: BucketRequest): Promise<S3Response> {
  return xmlResponse(aclXml(ownerXml('Owner', await owners.getOwner(bucket.ownerId))))
}

/** `owner` is an `<Owner>` element, who has full control and is the only one who has any. */
export function aclXml(owner: string): string {
  const grantee = owner.replace(/^<Owner>|<\/Owner>$/g, '')
  const type = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"'
  const grant = `<Grant><Grantee ${type}>${grantee}</Grantee><Permission>FULL_CONTROL</Permission></Grant>`
  return xmlDocument('AccessControlPolicy', `${owner}<AccessControlList>${grant}</AccessControlList>`)
}
