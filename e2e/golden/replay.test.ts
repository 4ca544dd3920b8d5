import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RecordedExchange, readCaptures, withConnectionClose } from '#e2e/golden/capture.ts'
import { installGoldenKey } from '#e2e/golden/golden-key.ts'
import { outcomeOf } from '#e2e/golden/recording-proxy.ts'
import { parseAmzDate } from '#storage-engine/auth/request-time.ts'
import { getRootObjectUser } from '#storage-engine/metadata/accounts.ts'
import { converseRaw } from '#storage-engine/testing/raw-connection.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

/**
 * What real clients sent once, sent again byte by byte: by a clock that shows the time of each request, and with the key
 * that signed it. `npm run record:golden` writes the captures.
 */
const captures = readCaptures()
let gateway: TestGateway
let now = 0

beforeAll(async () => {
  gateway = await startTestGateway({ now: () => now })
  const namespaceId = gateway.namespaceIds.acme
  const { id: objectUserId } = await getRootObjectUser(gateway.engine.db, { namespaceId })
  await installGoldenKey(gateway.engine, { namespaceId, objectUserId })
})

afterAll(() => gateway.stop())

/** When the request was signed, in milliseconds since the epoch, as it says itself. */
function timeOf(request: string): number {
  const amzDate = /^x-amz-date: *(.*)\r$/im.exec(request)?.[1] ?? /X-Amz-Date=(\w+)/.exec(request)?.[1]
  const date = amzDate ?? /^date: *(.*)\r$/im.exec(request)?.[1] ?? ''
  const expires = /[?&]Expires=(\d+)/.exec(request)?.[1]
  const time = parseAmzDate(date) ?? Date.parse(date)
  return Number.isNaN(time) ? Number(expires) * 1000 - 1000 : time
}

/** An upload of another installation is none of this one's: the request is understood, and finds nothing. */
function expectedOf({ request, status, code }: RecordedExchange): { status: number; code: string } {
  const isOnUpload = /^\S+ \S*[?&]uploadId=/.test(request)
  return isOnUpload && status < 300 ? { status: 404, code: 'NoSuchUpload' } : { status, code }
}

const nameOf = (request: string) => request.slice(0, request.indexOf(' HTTP/')).slice(0, 100)

describe.each(captures)('$client ($version)', ({ exchanges }) => {
  test('is answered as it was when it was recorded', async () => {
    for (const exchange of exchanges) {
      now = timeOf(exchange.request)
      const { text } = await converseRaw(gateway, withConnectionClose(exchange.request))
      expect({ name: nameOf(exchange.request), ...outcomeOf(text) }, text.slice(0, 1_000)).toEqual({
        name: nameOf(exchange.request),
        ...expectedOf(exchange),
      })
    }
  })
})

test('there is a capture of every kind of client, and each of them wrote and read', () => {
  expect(captures.map(({ client }) => client)).toEqual(
    expect.arrayContaining([
      'aws-cli v1',
      'aws-cli v2',
      'boto3',
      'AWS SDK JS v3',
      'minio-js',
      'rclone',
      'restic',
      's3cmd',
      's3cmd --signature-v2',
      's3fs',
      'pgbackrest',
    ]),
  )
  for (const { exchanges } of captures) {
    const methods = exchanges.filter(({ status }) => status < 300).map(({ request }) => request.split(' ', 1)[0])
    expect(methods).toEqual(expect.arrayContaining(['PUT', 'GET']))
  }
})

test('a byte that was changed in any of the signed requests shows', async () => {
  for (const { exchanges } of captures) {
    const signed = exchanges.find(({ request }) => /^authorization:/im.test(request)) as RecordedExchange
    now = timeOf(signed.request)
    const changed = signed.request.replace(/(?<=Signature=|AWS \w+:)./, (digit) => (digit === 'a' ? 'b' : 'a'))
    const { text } = await converseRaw(gateway, withConnectionClose(changed))
    expect(outcomeOf(text).status).toBe(403)
  }
})
