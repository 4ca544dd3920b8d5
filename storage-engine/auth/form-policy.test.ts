import { describe, expect, it } from 'vitest'
import { checkFormPolicy, parseFormPolicy } from '#storage-engine/auth/form-policy.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const LATER = '2026-01-01T00:00:01Z'
const encode = (document: unknown) => Buffer.from(JSON.stringify(document)).toString('base64')
const policyOf = (...conditions: unknown[]) => parseFormPolicy(encode({ expiration: LATER, conditions }))
const fieldsOf = (fields: Record<string, string>) => new Map(Object.entries(fields))

function judge(conditions: unknown[], fields: Record<string, string>, now = NOW): string {
  try {
    checkFormPolicy(policyOf(...conditions), { fields: fieldsOf(fields), now })
    return 'ok'
  } catch (error) {
    return (error as Error).message
  }
}

describe('reading a policy', () => {
  it('takes the last moment, the conditions and the size of the file', () => {
    const policy = policyOf({ bucket: 'b' }, ['starts-with', '$KEY', 'u/'], ['content-length-range', 1, '1024'])
    expect(policy).toMatchObject({
      expiresAt: NOW + 1000,
      conditions: [
        { operator: 'eq', name: 'bucket', value: 'b' },
        { operator: 'starts-with', name: 'key', value: 'u/' },
      ],
      fileSize: { min: 1, max: 1024 },
    })
  })

  it.each([
    ['no JSON', 'bm90IGpzb24='],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]).toString('base64')],
    ['a list', encode([])],
    ['nothing', encode(null)],
    ['no expiration', encode({ conditions: [] })],
    ['an expiration in another spelling', encode({ EXPIRATION: LATER, conditions: [] })],
    ['an expiration without a zone', encode({ expiration: '2026-01-01T00:00:00', conditions: [] })],
    ['an expiration that is no date', encode({ expiration: '2026-13-01T00:00:00Z', conditions: [] })],
    ['an expiration that is a number', encode({ expiration: 1, conditions: [] })],
    ['no conditions', encode({ expiration: LATER })],
    ['conditions in another spelling', encode({ expiration: LATER, CONDITIONS: [] })],
    ['conditions that are no list', encode({ expiration: LATER, conditions: {} })],
    ...[
      {},
      { a: 'b', c: 'd' },
      { a: 1 },
      'text',
      null,
      ['eq', '$a'],
      ['eq', '$a', 1],
      ['eq', 'a', 'b'],
      ['ends-with', '$a', 'b'],
      ['content-length-range', 0],
      ['content-length-range', -1, 0],
      ['content-length-range', 0, 1, 2],
      ['content-length-range', 0, 1.5],
      [],
    ].map((condition) => [JSON.stringify(condition), encode({ expiration: LATER, conditions: [condition] })]),
  ])('refuses %s', (_, text) => {
    expect(() => parseFormPolicy(text as string)).toThrow(expect.objectContaining({ code: 'InvalidPolicyDocument' }))
  })
})

describe('holding a form against its policy', () => {
  it.each([
    [[{ acl: 'private' }], { acl: 'private' }, 'ok'],
    [[{ ACL: 'private' }], { acl: 'private' }, 'ok'],
    [[{ acl: 'private' }], { acl: 'public-read' }, 'Condition failed'],
    [[{ acl: 'private' }], {}, 'Condition failed'],
    [[['EQ', '$acl', '']], {}, 'ok'],
    [[['starts-with', '$key', 'u/']], { key: 'u/1' }, 'ok'],
    [[['starts-with', '$key', 'u/']], { key: 'v/u/' }, 'Condition failed'],
    [[['starts-with', '$key', '']], {}, 'ok'],
    [[['starts-with', '$content-type', 'image/']], { 'content-type': 'image/png, image/gif' }, 'ok'],
    [[['starts-with', '$content-type', 'image/']], { 'content-type': 'image/png,text/html' }, 'Condition failed'],
    [[['starts-with', '$x-amz-meta-a', 'a']], { 'x-amz-meta-a': 'ab,b' }, 'ok'],
    [[{ key: 'a' }, { key: 'b' }], { key: 'a' }, 'Condition failed'],
    [[], { key: 'a' }, 'Extra input fields: key'],
    [[{ key: 'k' }], { key: 'k', bucket: 'b' }, 'Extra input fields: bucket'],
    [[], { policy: 'p', signature: 's', awsaccesskeyid: 'a', 'x-ignore-me': '1', 'x-amz-signature': 's' }, 'ok'],
    [[], { 'x-amz-checksum-crc32': 'AAAAAA==' }, 'ok'],
    [[], { 'x-amz-credential': 'c' }, 'Extra input fields: x-amz-credential'],
    [[], { 'x-ignored': 'c' }, 'Extra input fields: x-ignored'],
    // A name of JavaScript's own objects is a field like any other.
    [[], { constructor: 'c' }, 'Extra input fields: constructor'],
  ])('%j with %j: %s', (conditions, fields, expected) => {
    expect(judge(conditions, fields as unknown as Record<string, string>)).toContain(expected)
  })

  it('is refused from its last moment on', () => {
    expect(judge([], {}, NOW + 1000)).toBe('ok')
    expect(judge([], {}, NOW + 1001)).toContain('Policy expired.')
  })
})
