import { splitRequestTarget } from '#storage-engine/auth/request-target.ts'
import { statusOf } from '#storage-engine/errors.ts'
import { DIFFERENCES } from '#storage-engine/s3/compatibility-differences.ts'
import { LIMITS } from '#storage-engine/s3/compatibility-limits.ts'
import { NOTES } from '#storage-engine/s3/compatibility-notes.ts'
import type { Operation } from '#storage-engine/s3/operation.ts'
import { OPERATIONS } from '#storage-engine/s3/operation-table.ts'

const AWS = 'https://docs.aws.amazon.com/AmazonS3/latest/'

const INTRODUCTION = `# S3 compatibility

Generated from the operation table (\`storage-engine/s3/operation-table.ts\`) and the lists beside it by
\`npx tsx scripts/generate-s3-compatibility.ts\`. A client that works against AWS works with its default settings: no flag, no
downgraded signature, no disabled checksum.

- **Signatures**: SigV4 in the header and in the query, signed chunks, signed trailer, unsigned trailer, UNSIGNED-PAYLOAD.
  SigV2 in the header and in the query, for whole bodies. POST forms with a policy of either version. Anonymous requests. A
  namespace may refuse SigV2 altogether.
- **Addressing**: \`/bucket/key\`, \`bucket.s3.<region>.<domain>\`, \`bucket.<namespace>.s3.<region>.<domain>\`,
  \`<namespace>.s3.<region>.<domain>/bucket/key\`, \`bucket.<domain>\`.
- **Checksums**: CRC32, CRC32C, CRC64NVME, SHA1, SHA256; as header or trailer; composite and full-object.
- **Access**: ACLs, ownership, public access blocks, bucket policies with the whole condition language, and IAM's policies,
  decided in one place (see iam.md). Temporary credentials of STS count in the header, in the query and in POST forms; a token
  that has expired answers ExpiredToken, one that is none InvalidToken.
- **Encryption**: SSE-S3, SSE-KMS with named keys of the namespace (see operations.md), SSE-C, and a bucket's default. A key
  is answered as it was asked for. With SSE-KMS and SSE-C the ETag is no MD5. A wrong key of SSE-C answers InvalidRequest.
- **Versions**: null versions, delete markers, suspension. **Object lock**: governance, compliance, legal hold and default
  retention, judged by the database's clock; a lock that cannot be read holds.
- **Smart Object Storage API** of Veeam: every bucket answers GET and HEAD of \`system.xml\` and \`capacity.xml\` in
  \`.system-d26a9498-cb7c-4a87-a44a-8ae204f5ba6c/\`, lists neither, and lets nobody write them (405).

## Operations
Supported: **yes** · **untouched**: answers as for a bucket or object on which this was never set, as it cannot be set ·
**501**: NotImplemented as S3 XML. Unknown query parameters are ignored. Each name leads to AWS's page.

`

const PUBLIC_SUITE = `
## The public suite
\`npm run test:s3-tests -- <checkout>\` runs ceph/s3-tests against the sources: its fair set of 734 items, or 1,398 with
three storage classes (\`--storage-classes=LUKEWARM,FROZEN\`), and 96 items of IAM and STS (\`--tier=iam\`). What is left out
stands with its reason in \`e2e/s3-tests/exclusions.txt\`. Four of the 96 fail, and are to fail:
\`test_same_account_role_policy_allow\`, \`test_cross_account_role_policy_allow\`,
\`test_account_role_policy_allow_create_bucket\` and \`test_account_role_policy_allow_get_role\` let a user of one account
assume a role of another by the role's trust policy alone. AWS wants an Allow from both sides:
[cross-account policy evaluation](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html).
`

/** The page docs/s3-compatibility.md. */
export function compatibilityPage(): string {
  const operations = OPERATIONS.map((operation) => [
    `[${operation.name}](${AWS}${pageOf(operation)})`,
    requestOf(operation),
    supportOf(operation),
    actionOf(operation),
    NOTES[operation.name] ?? '',
  ])
  const limits = LIMITS.map(({ what, limit, code, page }) => [
    what,
    limit,
    code === null ? 'no more are sent' : `${statusOf(code)} ${code}`,
    link(page),
  ])
  const differences = DIFFERENCES.map(({ area, here, aws, page }) => [area, here, aws, link(page)])
  return [
    INTRODUCTION,
    table(['operation', 'request', 'supported', 'IAM action', 'notes'], operations),
    '\n## Limits\nAs they stand in the code.\n\n',
    table(['what', 'at most', 'beyond', "AWS's page"], limits),
    '\n## Known differences from AWS\nWhat else differs is a mistake: please report it.\n\n',
    table(['what', 'here', 'AWS', "AWS's page"], differences),
    PUBLIC_SUITE,
  ].join('')
}

function table(head: string[], rows: string[][]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return `${lines.join('\n')}\n`
}

function link(page: string): string {
  return `[${page.replace(/^.*\/|\.html$/g, '')}](${AWS}${page})`
}

const PAGES: ReadonlyMap<string, string> = new Map([
  ['PostObject', 'API/RESTObjectPOST.html'],
  ['Preflight', 'API/RESTOPTIONSobject.html'],
])

function pageOf({ name }: Operation): string {
  return PAGES.get(name) ?? `API/API_${name}.html`
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
