/** Headers of writes that are condition keys under their own names. */
export const HEADER_KEYS: ReadonlySet<string> = new Set([
  'x-amz-acl',
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write',
  'x-amz-grant-write-acp',
  'x-amz-metadata-directive',
  'x-amz-object-ownership',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
])

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-policy-keys */
const KEYS: ReadonlySet<string> = new Set(
  [
    'AccessGrantsInstanceArn',
    'AccessPointNetworkOrigin',
    'AccessPointTag',
    'authType',
    'BucketTag',
    'DataAccessPointAccount',
    'DataAccessPointArn',
    'delimiter',
    'destinationRegion',
    'ExistingJobOperation',
    'ExistingJobPriority',
    'if-match',
    'if-none-match',
    'InventoryAccessibleOptionalFields',
    'isReplicationPauseRequest',
    'JobSuspendedCause',
    'LocationConstraint',
    'max-keys',
    'object-lock-legal-hold',
    'object-lock-mode',
    'object-lock-remaining-retention-days',
    'object-lock-retain-until-date',
    'ObjectCreationOperation',
    'prefix',
    'RequestJobOperation',
    'RequestJobPriority',
    'RequestObjectTagKeys',
    'ResourceAccount',
    'signatureAge',
    'signatureversion',
    'TlsVersion',
    'VersionId',
    ...HEADER_KEYS,
    'x-amz-content-sha256',
    'x-amz-copy-source',
  ].map((name) => `s3:${name}`.toLowerCase()),
)

const TAG_PREFIXES = ['s3:existingobjecttag/', 's3:requestobjecttag/', 's3:buckettag/']

/** `key` in lower case. */
export function isS3ConditionKey(key: string): boolean {
  return KEYS.has(key) || TAG_PREFIXES.some((prefix) => key.startsWith(prefix) && key.length > prefix.length)
}
