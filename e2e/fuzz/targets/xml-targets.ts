import { isDeepStrictEqual } from 'node:util'
import type { FuzzTarget } from '#e2e/fuzz/fuzz-target.ts'
import { checkCorsRules } from '#storage-engine/buckets/cors-rules.ts'
import { checkWebsiteConfiguration } from '#storage-engine/buckets/website-configuration.ts'
import { checkObjectTags } from '#storage-engine/objects/tags.ts'
import { readAccessControlPolicy } from '#storage-engine/s3/acl-xml.ts'
import { bucketEncryptionXml, readBucketEncryption } from '#storage-engine/s3/bucket-encryption-xml.ts'
import { readDeleteCondition } from '#storage-engine/s3/conditions.ts'
import { corsXml, readCorsRules } from '#storage-engine/s3/cors-xml.ts'
import { readLifecycle } from '#storage-engine/s3/lifecycle-xml.ts'
import { readLogging } from '#storage-engine/s3/logging-xml.ts'
import { readNotification } from '#storage-engine/s3/notification-xml.ts'
import {
  legalHoldXml,
  objectLockConfigurationXml,
  readLegalHold,
  readObjectLockConfiguration,
  readRetention,
  retentionXml,
} from '#storage-engine/s3/object-lock-xml.ts'
import { readParts } from '#storage-engine/s3/operations/complete-multipart-upload.ts'
import { readEntries } from '#storage-engine/s3/operations/delete-objects.ts'
import { ownershipControlsXml, readOwnershipControls } from '#storage-engine/s3/ownership-xml.ts'
import { publicAccessBlockXml, readPublicAccessBlock } from '#storage-engine/s3/public-access-block-xml.ts'
import { readTagging, taggingXml } from '#storage-engine/s3/tagging-xml.ts'
import { readWebsiteConfiguration, websiteXml } from '#storage-engine/s3/website-xml.ts'
import { readXml } from '#storage-engine/s3/xml-reader.ts'
import { escapeXml } from '#storage-engine/xml-text.ts'

const XML_TOKENS = [
  '<!DOCTYPE a>',
  '<!ENTITY',
  '<![CDATA[',
  ']]>',
  '<!--',
  '-->',
  '<?xml',
  '&#0;',
  '&#x1F418;',
  '&lt;',
  '/>',
]

interface XmlTargetInput<Value> {
  name: string
  seeds: string[]
  /** Reads and checks a document. */
  read(content: Buffer): Value
  /** When given: what it writes is read as the same value, so that a client gets back what it sent. */
  write?(value: Value): string
}

function xmlTarget<Value>({ name, seeds, read, write }: XmlTargetInput<Value>): FuzzTarget {
  const elements = [...new Set(seeds.flatMap((seed) => seed.match(/<\/?[\w:]+>/g) ?? []))]
  const words = [...new Set(seeds.flatMap((seed) => seed.match(/(?<=>)[^<]+(?=<)/g) ?? []))]
  return {
    name,
    seeds,
    tokens: [...XML_TOKENS, ...elements, ...words],
    run(input) {
      const value = read(input)
      if (write === undefined) return value
      const again = read(Buffer.from(write(value)))
      if (!isDeepStrictEqual(again, value)) throw new Error(`Written and read again: ${JSON.stringify([value, again])}`)
      return value
    },
  }
}

export const XML_TARGETS: FuzzTarget[] = [
  xmlTarget({
    name: 'xml',
    seeds: [
      '<?xml version="1.0" encoding="UTF-8"?><a xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><b x="y">t&amp;u</b><b/></a>',
      '<s3:a xmlns:s3="x"><![CDATA[<x>]]><!-- c --></s3:a>',
    ],
    read: readXml,
  }),
  {
    name: 'xml-text',
    seeds: ['plain', 'a&b<c>"d\'', '\xc3\xa9\t\n'],
    run(input) {
      const text = input.toString('utf8')
      const written = escapeXml(text)
      if (/[<>"]|&(?!(?:amp|lt|gt|quot|#x[0-9a-f]+);)/.test(written)) throw new Error(`Not escaped: ${written}`)
      return 'escaped'
    },
  },
  xmlTarget({
    name: 'tagging-xml',
    seeds: [
      '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag><Tag><Key>c</Key><Value/></Tag></TagSet></Tagging>',
    ],
    read: (content) => checkObjectTags(readTagging(content)),
    write: taggingXml,
  }),
  xmlTarget({
    name: 'cors-xml',
    seeds: [
      '<CORSConfiguration><CORSRule><ID>i</ID><AllowedOrigin>https://*.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedHeader>*</AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>5</MaxAgeSeconds></CORSRule></CORSConfiguration>',
    ],
    read(content) {
      const rules = readCorsRules(content)
      checkCorsRules(rules)
      return rules
    },
    write: corsXml,
  }),
  xmlTarget({
    name: 'lifecycle-xml',
    seeds: [
      '<LifecycleConfiguration><Rule><ID>r</ID><Filter><Prefix>a/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration><AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>',
      '<LifecycleConfiguration><Rule><Filter><And><Prefix>a</Prefix><Tag><Key>k</Key><Value>v</Value></Tag><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></And></Filter><Status>Disabled</Status><Transition><Date>2030-01-01T00:00:00Z</Date><StorageClass>GLACIER</StorageClass></Transition><NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays><NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>',
      '<LifecycleConfiguration><Rule><Prefix>old</Prefix><Status>Enabled</Status><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration></Rule></LifecycleConfiguration>',
    ],
    read: (content) => readLifecycle(readXml(content)),
  }),
  xmlTarget({
    name: 'notification-xml',
    seeds: [
      '<NotificationConfiguration><TopicConfiguration><Id>t</Id><Topic>arn:aws:sns:us-east-1:acme:hook</Topic><Event>s3:ObjectCreated:*</Event><Filter><S3Key><FilterRule><Name>prefix</Name><Value>a</Value></FilterRule></S3Key></Filter></TopicConfiguration></NotificationConfiguration>',
    ],
    read: (content) => readNotification(readXml(content)),
  }),
  xmlTarget({
    name: 'object-lock-xml',
    seeds: [
      '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>5</Days></DefaultRetention></Rule></ObjectLockConfiguration>',
      '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Years>1</Years></DefaultRetention></Rule></ObjectLockConfiguration>',
    ],
    read: readObjectLockConfiguration,
    write: objectLockConfigurationXml,
  }),
  xmlTarget({
    name: 'retention-xml',
    seeds: [
      '<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2030-01-01T00:00:00Z</RetainUntilDate></Retention>',
      '<Retention/>',
    ],
    read: readRetention,
    write: (retention) => (retention === null ? '<Retention/>' : retentionXml(retention)),
  }),
  xmlTarget({
    name: 'legal-hold-xml',
    seeds: ['<LegalHold><Status>ON</Status></LegalHold>', '<LegalHold><Status>OFF</Status></LegalHold>'],
    read: readLegalHold,
    write: legalHoldXml,
  }),
  xmlTarget({
    name: 'website-xml',
    seeds: [
      '<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument><ErrorDocument><Key>e.html</Key></ErrorDocument><RoutingRules><RoutingRule><Condition><KeyPrefixEquals>a/</KeyPrefixEquals><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition><Redirect><Protocol>https</Protocol><HostName>h</HostName><ReplaceKeyPrefixWith>b/</ReplaceKeyPrefixWith><HttpRedirectCode>302</HttpRedirectCode></Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>',
      '<WebsiteConfiguration><RedirectAllRequestsTo><HostName>h</HostName><Protocol>http</Protocol></RedirectAllRequestsTo></WebsiteConfiguration>',
    ],
    read(content) {
      const website = readWebsiteConfiguration(content)
      checkWebsiteConfiguration(website)
      return website
    },
    write: websiteXml,
  }),
  xmlTarget({
    name: 'bucket-encryption-xml',
    seeds: [
      '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>',
      '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes></Rule></ServerSideEncryptionConfiguration>',
    ],
    read: readBucketEncryption,
    write: bucketEncryptionXml,
  }),
  xmlTarget({
    name: 'acl-xml',
    seeds: [
      `<AccessControlPolicy><Owner><ID>a1</ID></Owner><AccessControlList>${grant('<ID>a1</ID>')}${grant('<EmailAddress>a@b.example</EmailAddress>')}</AccessControlList></AccessControlPolicy>`,
      `<AccessControlPolicy><AccessControlList>${grant('<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>')}</AccessControlList></AccessControlPolicy>`,
    ],
    read: readAccessControlPolicy,
  }),
  xmlTarget({
    name: 'logging-xml',
    seeds: [
      `<BucketLoggingStatus><LoggingEnabled><TargetBucket>b</TargetBucket><TargetPrefix>p/</TargetPrefix><TargetGrants>${grant('<ID>a1</ID>')}</TargetGrants><TargetObjectKeyFormat><PartitionedPrefix><PartitionDateSource>EventTime</PartitionDateSource></PartitionedPrefix></TargetObjectKeyFormat></LoggingEnabled></BucketLoggingStatus>`,
      '<BucketLoggingStatus><LoggingEnabled><TargetBucket>b</TargetBucket><TargetPrefix/><TargetObjectKeyFormat><SimplePrefix/></TargetObjectKeyFormat></LoggingEnabled></BucketLoggingStatus>',
      '<BucketLoggingStatus/>',
    ],
    read: (content) => readLogging(readXml(content)),
  }),
  xmlTarget({
    name: 'ownership-xml',
    seeds: [
      '<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>',
    ],
    read: readOwnershipControls,
    write: ownershipControlsXml,
  }),
  xmlTarget({
    name: 'public-access-block-xml',
    seeds: [
      '<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>FALSE</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>false</RestrictPublicBuckets></PublicAccessBlockConfiguration>',
      '<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>',
    ],
    read: readPublicAccessBlock,
    write: publicAccessBlockXml,
  }),
  xmlTarget({
    name: 'delete-objects-xml',
    seeds: [
      '<Delete><Quiet>true</Quiet><Object><Key>a</Key></Object><Object><Key>b&amp;</Key><VersionId>null</VersionId><ETag>"x"</ETag><Size>5</Size><LastModifiedTime>Wed, 01 Jan 2020 00:00:00 GMT</LastModifiedTime></Object></Delete>',
    ],
    read: (content) => readEntries(readXml(content)).map(readDeleteCondition),
  }),
  xmlTarget({
    name: 'complete-upload-xml',
    seeds: [
      '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"x"</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part><Part><ETag>&quot;y&quot;</ETag><PartNumber>2</PartNumber></Part></CompleteMultipartUpload>',
    ],
    read: (content) => readParts(readXml(content)),
  }),
]

function grant(grantee: string): string {
  return `<Grant><Grantee>${grantee}</Grantee><Permission>READ</Permission></Grant>`
}
