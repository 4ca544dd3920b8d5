import { POLICY_BYTES_MAX } from '#storage-engine/auth/bucket-policy.ts'
import { CLOCK_SKEW_MAX_MS } from '#storage-engine/auth/request-time.ts'
import { EXPIRES_SECONDS_MAX } from '#storage-engine/auth/signature-claim.ts'
import { RULE_COUNT_MAX } from '#storage-engine/buckets/check-lifecycle.ts'
import { TARGET_COUNT_MAX } from '#storage-engine/buckets/check-notification.ts'
import { RULES_MAX } from '#storage-engine/buckets/cors-rules.ts'
import { DAYS_MAX, YEARS_MAX } from '#storage-engine/buckets/object-lock.ts'
import { ROUTING_RULES_MAX } from '#storage-engine/buckets/website-configuration.ts'
import type { StorageErrorCode } from '#storage-engine/errors.ts'
import { PART_BYTES_MIN, PART_COUNT_MAX } from '#storage-engine/objects/complete-upload.ts'
import { BUCKET_TAGS_MAX, KEY_LENGTH_MAX, OBJECT_TAGS_MAX, VALUE_LENGTH_MAX } from '#storage-engine/objects/tags.ts'
import { BODY_BYTES_MAX } from '#storage-engine/objects/write-body.ts'
import { CONTEXT_BYTES_MAX } from '#storage-engine/s3/encryption-headers.ts'
import { FORM_BYTES_MAX } from '#storage-engine/s3/form-parser.ts'
import { GRANTS_MAX } from '#storage-engine/s3/grantees.ts'
import { PAGE_ENTRIES_MAX } from '#storage-engine/s3/list-parameters.ts'
import { USER_METADATA_BYTES_MAX } from '#storage-engine/s3/object-headers.ts'
import { KEYS_MAX } from '#storage-engine/s3/operations/delete-objects.ts'
import { BUCKETS_MAX } from '#storage-engine/s3/operations/list-buckets.ts'
import { HEADERS_MAX } from '#storage-engine/s3/operations/preflight.ts'
import { CORS_BYTES_MAX } from '#storage-engine/s3/operations/put-bucket-cors.ts'
import { DAYS_MAX as RESTORE_DAYS_MAX } from '#storage-engine/s3/operations/restore-object.ts'
import { HEADER_BYTES_MAX } from '#storage-engine/s3/server.ts'
import { REDIRECT_LENGTH_MAX } from '#storage-engine/s3/setting-headers.ts'
import { KEY_BYTES_MAX } from '#storage-engine/s3/target.ts'
import { DOCUMENT_SECONDS_MAX, LONG_XML_BYTES_MAX, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'

/** A limit that a client may meet, as the code has it, for docs/s3-compatibility.md. */
export interface Limit {
  what: string
  limit: string
  /** What is answered beyond; null when less is answered instead. */
  code: StorageErrorCode | null
  /** AWS's. Below `https://docs.aws.amazon.com/AmazonS3/latest/`. */
  page: string
}

const SMALL_BYTES = 10_000

export const LIMITS: readonly Limit[] = [
  { what: 'key', limit: bytes(KEY_BYTES_MAX), code: 'KeyTooLongError', page: 'userguide/object-keys.html' },
  {
    what: 'user metadata, names and values together',
    limit: bytes(USER_METADATA_BYTES_MAX),
    code: 'MetadataTooLarge',
    page: 'userguide/UsingMetadata.html',
  },
  {
    what: 'header section of a request',
    limit: bytes(HEADER_BYTES_MAX),
    code: 'RequestHeaderSectionTooLarge',
    page: 'API/ErrorResponses.html',
  },
  {
    what: 'body of a PUT, of a form, or of a part',
    limit: bytes(BODY_BYTES_MAX),
    code: 'EntityTooLarge',
    page: 'userguide/qfacts.html',
  },
  {
    what: 'source of a CopyObject or UploadPartCopy',
    limit: bytes(BODY_BYTES_MAX),
    code: 'InvalidRequest',
    page: 'API/API_CopyObject.html',
  },
  {
    what: 'part, but the last one',
    limit: `at least ${bytes(PART_BYTES_MIN)}`,
    code: 'EntityTooSmall',
    page: 'userguide/qfacts.html',
  },
  {
    what: 'number of a part',
    limit: `1 to ${count(PART_COUNT_MAX)}`,
    code: 'InvalidArgument',
    page: 'userguide/qfacts.html',
  },
  {
    what: 'entries of a page of a listing',
    limit: count(PAGE_ENTRIES_MAX),
    code: null,
    page: 'API/API_ListObjectsV2.html',
  },
  { what: 'buckets of a page', limit: count(BUCKETS_MAX), code: 'InvalidArgument', page: 'API/API_ListBuckets.html' },
  {
    what: 'keys of a DeleteObjects',
    limit: count(KEYS_MAX),
    code: 'MalformedXML',
    page: 'API/API_DeleteObjects.html',
  },
  {
    what: 'document of a configuration',
    limit: bytes(XML_BYTES_MAX),
    code: 'MaxMessageLengthExceeded',
    page: 'API/ErrorResponses.html',
  },
  {
    what: 'document of DeleteObjects and CompleteMultipartUpload',
    limit: bytes(LONG_XML_BYTES_MAX),
    code: 'MaxMessageLengthExceeded',
    page: 'API/ErrorResponses.html',
  },
  {
    what: 'time that a document takes to come',
    limit: `${DOCUMENT_SECONDS_MAX} seconds`,
    code: 'RequestTimeout',
    page: 'API/ErrorResponses.html',
  },
  {
    what: 'tags of an object',
    limit: `${count(OBJECT_TAGS_MAX)}; ${KEY_LENGTH_MAX} characters a key, ${VALUE_LENGTH_MAX} a value`,
    code: 'InvalidTag',
    page: 'userguide/object-tagging.html',
  },
  {
    what: 'tags of a bucket',
    limit: `${count(BUCKET_TAGS_MAX)}; as long as those of objects`,
    code: 'InvalidTag',
    page: 'API/API_PutBucketTagging.html',
  },
  {
    what: 'bucket policy, without its white space',
    limit: bytes(POLICY_BYTES_MAX),
    code: 'PolicyTooLarge',
    page: 'userguide/bucket-policies.html',
  },
  {
    what: 'grants of an ACL',
    limit: count(GRANTS_MAX),
    code: 'MalformedACLError',
    page: 'userguide/acl-overview.html',
  },
  { what: 'CORS rules', limit: count(RULES_MAX), code: 'MalformedXML', page: 'API/API_PutBucketCors.html' },
  {
    what: 'document of CORS rules',
    limit: bytes(CORS_BYTES_MAX),
    code: 'MaxMessageLengthExceeded',
    page: 'API/API_PutBucketCors.html',
  },
  {
    what: 'headers that a preflight asks for',
    limit: count(HEADERS_MAX),
    code: 'BadRequest',
    page: 'API/RESTOPTIONSobject.html',
  },
  {
    what: 'routing rules of a website',
    limit: count(ROUTING_RULES_MAX),
    code: 'InvalidRequest',
    page: 'API/API_PutBucketWebsite.html',
  },
  {
    what: 'x-amz-website-redirect-location',
    limit: `${count(REDIRECT_LENGTH_MAX)} characters`,
    code: 'InvalidRedirectLocation',
    page: 'userguide/how-to-page-redirect.html',
  },
  {
    what: 'lifecycle rules',
    limit: count(RULE_COUNT_MAX),
    code: 'InvalidRequest',
    page: 'userguide/intro-lifecycle-rules.html',
  },
  {
    what: 'targets of notifications',
    limit: count(TARGET_COUNT_MAX),
    code: 'InvalidRequest',
    page: 'API/API_PutBucketNotificationConfiguration.html',
  },
  {
    what: 'default retention',
    limit: `${count(DAYS_MAX)} days or ${YEARS_MAX} years`,
    code: 'InvalidRetentionPeriod',
    page: 'API/API_DefaultRetention.html',
  },
  {
    what: 'days of a restore',
    limit: count(RESTORE_DAYS_MAX),
    code: 'InvalidArgument',
    page: 'API/API_RestoreObject.html',
  },
  {
    what: 'encryption context of SSE-KMS',
    limit: `${bytes(CONTEXT_BYTES_MAX)} of Base64`,
    code: 'InvalidArgument',
    page: 'userguide/UsingKMSEncryption.html',
  },
  {
    what: 'fields of a form before its file',
    limit: bytes(FORM_BYTES_MAX),
    code: 'MaxPostPreDataLengthExceeded',
    page: 'API/ErrorResponses.html',
  },
  {
    what: 'life of a presigned URL of version 4',
    limit: `${count(EXPIRES_SECONDS_MAX)} seconds`,
    code: 'AccessDenied',
    page: 'API/sigv4-query-string-auth.html',
  },
  {
    what: "difference of the client's clock",
    limit: `${CLOCK_SKEW_MAX_MS / 60_000} minutes`,
    code: 'RequestTimeTooSkewed',
    page: 'API/ErrorResponses.html',
  },
]

function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** In the largest unit of which it is a whole number; small ones as bytes, which is how AWS tells them. */
function bytes(value: number): string {
  const units = [
    [3, 'GiB'],
    [2, 'MiB'],
    [1, 'KiB'],
  ] as const
  const unit = units.find(([power]) => value % 1024 ** power === 0)
  if (unit === undefined || value < SMALL_BYTES) return `${count(value)} bytes`
  return `${value / 1024 ** unit[0]} ${unit[1]}`
}
