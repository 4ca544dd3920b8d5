import { describe, expect, it } from 'vitest'
import { type AccessLogRecord, accessLogFields, redactTarget } from '#storage-engine/buckets/access-log-record.ts'

const OWNER = '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be'

const RECORD: AccessLogRecord = {
  bucketName: 'bucket1',
  receivedAt: Date.UTC(2019, 1, 6, 0, 0, 38, 999),
  remoteIp: '192.0.2.3',
  requester: OWNER,
  requestId: '3E57427F3EXAMPLE',
  operation: 'REST.GET.VERSIONING',
  key: null,
  request: { method: 'GET', target: '/bucket1?versioning' },
  status: 200,
  errorCode: null,
  bytesSent: 113,
  objectSize: null,
  totalMs: 7.4,
  turnAroundMs: null,
  referer: null,
  userAgent: 'S3Console/0.4',
  versionId: null,
  hostId: 's9lz/XV=',
  signatureVersion: 'SigV4',
  cipherSuite: 'ECDHE-RSA-AES128-GCM-SHA256',
  authType: 'AuthHeader',
  hostHeader: 'bucket1.s3.us-west-1.amazonaws.com',
  tlsVersion: 'TLSv1.2',
  isAclRequired: true,
}

const fieldsOf = (changes: Partial<AccessLogRecord>) => accessLogFields({ ...RECORD, ...changes })

describe('a record', () => {
  it("has the fields of S3's documented example, in their order", () => {
    expect(accessLogFields(RECORD)).toBe(
      `bucket1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 ${OWNER} 3E57427F3EXAMPLE REST.GET.VERSIONING - ` +
        '"GET /bucket1?versioning HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" - s9lz/XV= SigV4 ' +
        'ECDHE-RSA-AES128-GCM-SHA256 AuthHeader bucket1.s3.us-west-1.amazonaws.com TLSv1.2 - Yes',
    )
  })

  it('says - for whatever is unknown', () => {
    const nothing = Object.fromEntries(Object.keys(RECORD).map((name) => [name, null])) as unknown as AccessLogRecord
    const { bucketName, receivedAt, requestId, operation } = RECORD
    const line = accessLogFields({ ...nothing, bucketName, receivedAt, requestId, operation, isAclRequired: false })
    const rest = '- "-" - - - - - - "-" "-" - - - - - - - - -'
    expect(line).toBe(`bucket1 [06/Feb/2019:00:00:38 +0000] - - 3E57427F3EXAMPLE REST.GET.VERSIONING ${rest}`)
    expect(fieldsOf({ bytesSent: 0 })).toContain(' 200 - - - 7 ')
  })

  it('cannot be broken up by what a client chose', () => {
    const evil = 'a" 200\n\\ü[x]\0'
    const line = fieldsOf({ key: evil, userAgent: evil, referer: evil, hostHeader: evil, versionId: evil })
    expect(line).not.toMatch(/[^\x20-\x7e]/)
    expect(line).toContain(' a%22%20200%0A%5C%C3%BC%5Bx%5D%00 "GET ')
    expect(line).toContain('"a%22 200%0A%5C%FC[x]%00" "a%22 200%0A%5C%FC[x]%00" a%22%20200%0A%5C%FC[x]%00 ')
    expect(line.split('"')).toHaveLength(7)
  })

  it('encodes keys as a path is encoded', () => {
    expect(fieldsOf({ key: 'photos/2019 08/\ud800ü+%41.jpg' })).toContain(
      ' photos/2019%2008/%EF%BF%BD%C3%BC+%2541.jpg "GET',
    )
  })
})

describe('redactTarget', () => {
  it.each([
    ['/b/k?X-Amz-Algorithm=A&X-Amz-Signature=abc', '/b/k?X-Amz-Algorithm=A&X-Amz-Signature=REDACTED'],
    ['/b/k?Signature=abc&AWSAccessKeyId=AK', '/b/k?Signature=REDACTED&AWSAccessKeyId=AK'],
    ['/b/k?x-amz-security-token=a=b&x-id=GetObject', '/b/k?x-amz-security-token=REDACTED&x-id=GetObject'],
    ['/b/k?X%2DAmz%2dSignature=abc', '/b/k?X%2DAmz%2dSignature=REDACTED'],
    [
      '/b/k?x-amz-server-side-encryption-customer-key=a&x-amz-server-side-encryption-customer-key-MD5=b',
      '/b/k?x-amz-server-side-encryption-customer-key=REDACTED&x-amz-server-side-encryption-customer-key-MD5=b',
    ],
    ['https://host/k?x-user=jane&X-Amz-Signature=abc', 'https://host/k?x-user=jane&X-Amz-Signature=REDACTED'],
    ['/Signature=abc', '/Signature=abc'],
    ['/b?acl', '/b?acl'],
  ])('%s → %s', (target, expected) => {
    expect(redactTarget(target)).toBe(expected)
  })

  it('is done for target and referer', () => {
    const line = fieldsOf({ request: { method: 'GET', target: '/b?Signature=s3cret' }, referer: 'x?Signature=s3cret' })
    expect(line).not.toContain('s3cret')
  })
})
