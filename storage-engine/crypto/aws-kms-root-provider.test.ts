import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AwsKmsRootProviderInput, createAwsKmsRootProvider } from '#storage-engine/crypto/aws-kms-root-provider.ts'
import { describeRootProvider } from '#storage-engine/crypto/root-provider.conformance.ts'
import type { RootProvider } from '#storage-engine/crypto/root-provider.ts'
import { rootKeyOf } from '#storage-engine/crypto/root-record.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import { StartupError } from '#storage-engine/errors.ts'
import { type KmsFault, startTestKms, type TestKms } from '#storage-engine/testing/start-test-kms.ts'

let kms: TestKms
let mine: string
let other: string

beforeAll(async () => {
  kms = await startTestKms()
  mine = kms.createKey()
  other = kms.createKey('eu-central-1')
})
beforeEach(() => {
  kms.fault = 'none'
})
afterAll(() => kms.close())

function openKms(keyArn: string, changes: Partial<AwsKmsRootProviderInput> = {}): RootProvider {
  return createAwsKmsRootProvider({
    keyArn,
    oldKeyArns: [],
    endpoint: new URL(kms.endpoint),
    ca: null,
    findCredentials: async () => kms.credentials,
    timeoutMs: 500,
    ...changes,
  })
}

describeRootProvider({ name: 'aws-kms', open: async () => openKms(mine), openOther: async () => openKms(other) })

/** A service that has the API of KMS, and two keys in it; such as `moto_server`. Credentials come from the environment. */
const { SCEAU_TEST_KMS_ENDPOINT: realEndpoint, SCEAU_TEST_KMS_KEYS: realKeys = '' } = process.env
if (realEndpoint !== undefined) {
  const [first = '', second = ''] = realKeys.split(',')
  const endpoint = new URL(realEndpoint)
  const findCredentials = async () => ({
    accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? '',
  })
  describeRootProvider({
    name: `aws-kms at ${endpoint.host}`,
    open: async () => openKms(first, { endpoint, findCredentials }),
    openOther: async () => openKms(second, { endpoint, findCredentials }),
  })
}

const context = Buffer.from('a context')
const key = randomBytes(32)

describe('another key', () => {
  it('wraps from now on, and the old one opens as long as it is named', async () => {
    const old = await openKms(mine).wrap({ context, key })
    const changed = openKms(other, { oldKeyArns: [mine] })
    expect((await changed.unwrap({ context, record: old })).equals(key)).toBe(true)
    expect(rootKeyOf(await changed.wrap({ context, key }))).toEqual(await openKms(other).active())
    expect((await changed.list()).map(({ state }) => state)).toEqual(['active', 'decrypt-only'])
    await expect(openKms(other).unwrap({ context, record: old })).rejects.toThrow(SealBrokenError)
  })

  it('has the same id in every region that shares it', async () => {
    const shared = (region: string) => openKms(`arn:aws:kms:${region}:111122223333:key/mrk-${'0a'.repeat(16)}`)
    expect(await shared('us-east-1').active()).toEqual(await shared('eu-west-3').active())
  })
})

it.each([
  '',
  'alias/root',
  'arn:aws:kms:us-east-1:111122223333:alias/root',
  'arn:aws:s3:::key/1',
  `${'x'.repeat(3000)}`,
])('refuses %j, which is no ARN of a key', (name) => {
  expect(() => openKms(name)).toThrow(StartupError)
  expect(() => openKms(kms.createKey(), { oldKeyArns: [name] })).toThrow(StartupError)
})

describe('a service in trouble', () => {
  const broken: [KmsFault, RegExp][] = [
    ['reset', /ECONNRESET|socket hang up/],
    ['hang', /did not answer within 500 ms/],
    ['garbage', /not one of KMS/],
    ['huge', /larger than 65536 bytes/],
    ['other-key', /not one of KMS/],
  ]

  it.each(broken)('%s: is out of reach, which no record is blamed for', async (fault, message) => {
    const provider = openKms(mine)
    const record = await provider.wrap({ context, key })
    kms.fault = fault
    await expectOutOfReach(provider, record, message)
    kms.fault = 'none'
    expect((await provider.unwrap({ context, record })).equals(key)).toBe(true)
  })

  it('is asked once more when the connection was reset', async () => {
    const provider = openKms(mine)
    await provider.health()
    kms.fault = 'reset-once'
    await expect(provider.health()).resolves.toBeUndefined()
  })

  it('that has disabled or lost the key, or that knows us not, is out of reach', async () => {
    const arn = kms.createKey()
    const record = await openKms(arn).wrap({ context, key })
    const strangers = { findCredentials: async () => ({ accessKeyId: 'AKIATEST', secretAccessKey: 'guessed' }) }
    await expectOutOfReach(openKms(arn, strangers), record, /InvalidSignatureException/)
    kms.keys.set(arn, null)
    await expectOutOfReach(openKms(arn), record, /400 DisabledException/)
    kms.keys.delete(arn)
    await expectOutOfReach(openKms(arn), record, /400 NotFoundException/)
    const nobody = { findCredentials: () => Promise.reject(new Error('no credentials')) }
    await expectOutOfReach(openKms(arn, nobody), record, /no credentials/)
  })
})

async function expectOutOfReach(provider: RootProvider, record: Buffer, message: RegExp): Promise<void> {
  const calls = [provider.wrap({ context, key }), provider.unwrap({ context, record }), provider.health()]
  for (const outcome of await Promise.allSettled(calls)) {
    const error = outcome.status === 'rejected' ? outcome.reason : null
    expect(error).toBeInstanceOf(Error)
    expect(error).not.toBeInstanceOf(SealBrokenError)
    expect(String(error)).toMatch(message)
    expect(String(error)).not.toContain(kms.credentials.secretAccessKey)
  }
}
