import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { splitRequestTarget } from '#storage-engine/auth/request-target.ts'
import { SIGV2_PARAMETERS } from '#storage-engine/auth/sigv2-signature.ts'
import { compatibilityPage } from '#storage-engine/s3/compatibility-page.ts'
import { findOperation, OPERATIONS } from '#storage-engine/s3/operation-table.ts'

const nameOf = (
  method: string,
  on: 'service' | 'bucket' | 'object',
  query: string,
  headers: Record<string, string> = {},
) =>
  findOperation({
    method,
    on,
    query: splitRequestTarget(`/?${query}`).query,
    headers: new Map(Object.entries(headers)),
  })?.name ?? null

const copy = { 'x-amz-copy-source': '/b/k' }

test.each([
  ['GET', 'service', '', {}, 'ListBuckets'],
  ['GET', 'bucket', '', {}, 'ListObjects'],
  ['GET', 'bucket', 'list-type=2&prefix=x', {}, 'ListObjectsV2'],
  ['GET', 'bucket', 'list-type=1', {}, 'ListObjects'],
  ['GET', 'bucket', 'versions', {}, 'ListObjectVersions'],
  ['GET', 'bucket', 'uploads=', {}, 'ListMultipartUploads'],
  ['PUT', 'bucket', 'x-id=CreateBucket', {}, 'CreateBucket'],
  ['POST', 'bucket', 'delete=', {}, 'DeleteObjects'],
  ['POST', 'bucket', '', {}, 'PostObject'],
  ['PUT', 'object', '', {}, 'PutObject'],
  ['PUT', 'object', '', copy, 'CopyObject'],
  ['PUT', 'object', 'partNumber=1&uploadId=x', {}, 'UploadPart'],
  ['PUT', 'object', 'partNumber=1', {}, 'UploadPart'],
  ['PUT', 'object', 'partNumber=1&uploadId=x', copy, 'UploadPartCopy'],
  ['PUT', 'object', 'tagging', {}, 'PutObjectTagging'],
  ['GET', 'object', 'partNumber=1', {}, 'GetObject'],
  ['GET', 'object', 'uploadId=x', {}, 'ListParts'],
  ['DELETE', 'object', 'uploadId=x', {}, 'AbortMultipartUpload'],
  ['POST', 'object', 'uploads', {}, 'CreateMultipartUpload'],
  ['POST', 'object', 'uploadId=x', {}, 'CompleteMultipartUpload'],
  ['POST', 'object', '', {}, null],
  ['PATCH', 'object', '', {}, null],
] as const)('%s on a %s with ?%s and %j is %s', (method, on, query, headers, name) => {
  expect(nameOf(method, on, query, headers)).toBe(name)
})

test('every operation that does something of its own has a file and a test called after it', () => {
  const own = OPERATIONS.filter((row) => 'run' in row && !('isUntouched' in row))
  for (const { name } of own) {
    const file = name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()
    expect(fs.existsSync(path.join(import.meta.dirname, 'operations', `${file}.ts`)), name).toBe(true)
    expect(fs.existsSync(path.join(import.meta.dirname, 'operations', `${file}.test.ts`)), name).toBe(true)
  }
})

test('every operation names its own action, and no two rows are the same', () => {
  const rows = OPERATIONS.map(({ method, on, query, header }) => `${method} ${on} ${query} ${header}`)
  expect(new Set(rows).size).toBe(rows.length)
  for (const row of OPERATIONS) {
    if (!('action' in row)) continue
    for (const target of ['/b/k', '/b/k?versionId=null']) {
      const { query } = splitRequestTarget(target)
      const action = typeof row.action === 'string' ? row.action : row.action({ query, headers: new Map() })
      expect(action).toMatch(/^s3:[A-Z]\w+$/)
    }
  }
})

test('docs/s3-compatibility.md says what the table says (npx tsx scripts/generate-s3-compatibility.ts)', () => {
  const page = fs.readFileSync(path.join(import.meta.dirname, '../../docs/s3-compatibility.md'), 'utf8')
  expect(page).toBe(compatibilityPage())
})

test('selects no operation by a parameter that version 2 leaves unsigned, but the two ways to list', () => {
  const names = OPERATIONS.flatMap(({ query }) => query ?? []).map((parameter) => parameter.split('=')[0] as string)
  expect(names.filter((name) => !SIGV2_PARAMETERS.has(name))).toEqual(['list-type'])
})
