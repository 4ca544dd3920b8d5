import { describe, expect, it } from 'vitest'
import { claimFromHeader } from '#storage-engine/auth/signature-claim.ts'

const SCOPE = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request'
const SIGNATURES = ['a'.repeat(64), 'b'.repeat(64)]

function claimOf(authorization: string, date = '20130524T000000Z') {
  const headers = new Map([['x-amz-date', date]])
  const request = { method: 'GET', rawPath: '/', query: { pairs: [], values: new Map() }, headers, hostBucket: null }
  return claimFromHeader(request, `AWS4-HMAC-SHA256 ${authorization}`)
}

describe('Of an Authorization header', () => {
  it('what stands before the signature is read the same when it comes again', () => {
    const [first, second] = SIGNATURES.map((signature) =>
      claimOf(`Credential=${SCOPE}, SignedHeaders=host;x-amz-date, Signature=${signature}`),
    )
    expect(second).toEqual({ ...first, signature: SIGNATURES[1] })
    expect(first).toMatchObject({
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      day: '20130524',
      region: 'us-east-1',
      service: 's3',
      signedHeaders: ['host', 'x-amz-date'],
      signature: SIGNATURES[0],
    })
  })

  it('the signature counts wherever it stands', () => {
    for (const signature of SIGNATURES) {
      for (const last of SIGNATURES) {
        const claim = claimOf(`Credential=${SCOPE}, Signature=${signature}, SignedHeaders=host;${last}`)
        expect(claim).toMatchObject({ signature, signedHeaders: ['host', last] })
      }
    }
  })

  it.each(['A'.repeat(64), 'a'.repeat(63), `${'a'.repeat(63)}g`, 'a'.repeat(65), `${'a'.repeat(63)},`, ''])(
    'a signature that is none is refused, also behind what was read before: %j',
    (signature) => {
      const before = `Credential=${SCOPE}, SignedHeaders=host, Signature=`
      claimOf(before + SIGNATURES[0])
      expect(() => claimOf(before + signature)).toThrow(/authorization header.*(?:malformed|invalid)/i)
    },
  )

  it('the day is held against the date of each request', () => {
    const authorization = `Credential=${SCOPE}, SignedHeaders=host, Signature=${SIGNATURES[0]}`
    claimOf(authorization)
    expect(() => claimOf(authorization, '20130525T000000Z')).toThrow(/Invalid credential date/)
  })
})
