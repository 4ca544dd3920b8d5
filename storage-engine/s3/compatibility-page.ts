import { splitRequestTarget } from '#storage-engine/auth/request-target.ts'
import type { Operation } from '#storage-engine/s3/operation.ts'
import { OPERATIONS } from '#storage-engine/s3/operation-table.ts'

const INTRODUCTION = `# S3 compatibility

Generated from the operation table (\`storage-engine/s3/operation-table.ts\`) by \`npx tsx scripts/generate-s3-compatibility.ts\`.
A client that works against AWS works with its default settings: no flag, no downgraded signature, no disabled checksum.

- **Signatures**: SigV4 in the header and in the query (at most 604,800 s), signed chunks, signed trailer, unsigned trailer,
  UNSIGNED-PAYLOAD. Any region is accepted in the scope. SigV2 in the header and in the query, for whole bodies. POST forms
  with a policy of either version, of which a policy has to name the bucket. A namespace may refuse SigV2 altogether.
- **Encryption**: SSE-S3, SSE-KMS with named keys of the namespace (see operations.md), SSE-C, and a bucket's default. A key
  is answered as it was asked for. Without a key id the key called \`aws/s3\` is meant; until an administrator makes it, the
  answer is KMS.NotFoundException. With SSE-KMS and SSE-C the ETag is no MD5. A wrong key of SSE-C answers 400
  InvalidRequest. DSSE-KMS answers 501.
- **Addressing**: \`/bucket/key\`, \`bucket.s3.<region>.<domain>\`, \`bucket.<namespace>.s3.<region>.<domain>\`,
  \`<namespace>.s3.<region>.<domain>/bucket/key\`, \`bucket.<domain>\`.
- **Checksums**: CRC32, CRC32C, CRC64NVME, SHA1, SHA256; as header or trailer; composite and full-object.
- **Object lock**: governance, compliance, legal hold and default retention; also on an existing bucket whose versioning is
  enabled. Retention is judged by the database's clock, and a lock that cannot be read holds.
- **Tags** read back in the order of their keys. More than 10 of an object answer InvalidTag, where AWS says BadRequest.
- **Websites** are served at \`bucket.s3-website.<region>.<domain>\` and \`bucket.s3-website-<region>.<domain>\`, over HTTPS as
  all else. Visitors are anonymous: a bucket policy or ACL must let everybody read.
- **CORS**: an answer of a bucket with rules varies by origin even when the request names none.
- **Request payment and acceleration** are stored and told, but nobody is charged, refused or sent elsewhere.
- **GetBucketLocation** is empty for us-east-1 unless the bucket was made with just that LocationConstraint, which AWS refuses.
- **GetObjectAttributes** lists the parts of every multipart object, where AWS does so only for those with checksums.
- **A malformed checksum** answers BadDigest, where AWS says InvalidRequest.
- **Metadata** comes back as the bytes that were sent, be they ASCII, UTF-8, Latin-1 or RFC 2047.
- **Owners**: object users own what they create; the root user of a namespace owns all of it. What IAM users and roles create
  belongs to the root user; they may do what policies allow (see iam.md).
- **Temporary credentials** of STS count in the header, in the query and in POST forms; a token that has expired answers
  ExpiredToken, one that is none InvalidToken.
- **Smart Object Storage API** of Veeam: every bucket answers GET and HEAD of \`system.xml\` and \`capacity.xml\` in
  \`.system-d26a9498-cb7c-4a87-a44a-8ae204f5ba6c/\`, lists neither, and lets nobody write them (405).
- **Refused rather than ignored**: headers of features that are not there answer 501, such as \`x-amz-write-offset-bytes\`.
- **Storage classes** are labels: AWS's by default, or an installation's own (\`SCEAU_STORAGE_CLASSES\`); others answer
  InvalidStorageClass. Archived ones must be restored before they are read; a restore is done at once.
- **Lifecycle**: conditions that stand beside each other in a \`Filter\` hold together, as in an \`And\`, where AWS answers
  MalformedXML. Between an installation's own classes data may move in any order, and small objects too.
- **Notifications** go to webhooks: see operations.md. EventBridge answers 501.
- **Errors on a request whose body is unread** end the connection, also after \`Expect: 100-continue\`: only so can neither side
  take the body for the next request.

Supported: **yes** · **untouched**: answers as for a bucket or object on which this was never set, as it cannot be set yet ·
**501**: NotImplemented as S3 XML. Unknown query parameters are ignored.

`

/** The page docs/s3-compatibility.md. */
export function compatibilityPage(): string {
  const rows = OPERATIONS.map(
    (operation) => `| ${operation.name} | ${requestOf(operation)} | ${supportOf(operation)} | ${actionOf(operation)} |`,
  )
  return `${INTRODUCTION}| operation | request | supported | IAM action |\n|---|---|---|---|\n${rows.join('\n')}\n`
}

function requestOf({ method, on, query, header }: Operation): string {
  const path = on === 'service' ? '/' : on === 'bucket' ? '/bucket' : '/bucket/key'
  const parameters = query === undefined ? '' : `?${query.join('&')}`
  return `\`${method} ${path}${parameters}\`${header === undefined ? '' : ` + \`${header}\``}`
}

function supportOf(operation: Operation): string {
  if (operation.needs === 'not-implemented') return '501'
  return operation.needs !== 'preflight' && operation.isUntouched === true ? 'untouched' : 'yes'
}

/** Where the action depends on the request: without a version, and with one. */
function actionOf(operation: Operation): string {
  if (operation.needs === 'not-implemented' || operation.needs === 'preflight') return ''
  const { action } = operation
  if (typeof action === 'string') return `\`${action}\``
  const targets = ['/bucket/key', '/bucket/key?versionId=null']
  const actions = targets.map((target) => action({ query: splitRequestTarget(target).query, headers: new Map() }))
  return [...new Set(actions)].map((name) => `\`${name}\``).join(', ')
}
