import { beforeAll, expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'

const { gateway, send } = await openTestGateway()

beforeAll(async () => {
  for (const target of ['/bbb', '/aaa', '/bcc']) await sendSigned(gateway, { method: 'PUT', target })
  await sendSigned(gateway, { method: 'PUT', target: '/own', as: 'user' })
})

const namesOf = (text: string) => [...text.matchAll(/<Name>([^<]*)<\/Name>/g)].map(([, name]) => name)

test('lists all buckets of the namespace to its root, and to others their own', async () => {
  expect(namesOf((await send('GET', '/')).text)).toEqual(['aaa', 'bbb', 'bcc', 'own'])
  expect(namesOf((await send('GET', '/', { as: 'user' })).text)).toEqual(['own'])
  expect(namesOf((await send('GET', '/', { as: 'neighbour' })).text)).toEqual([])
})

test('filters by prefix and region', async () => {
  expect(namesOf((await send('GET', '/?prefix=b')).text)).toEqual(['bbb', 'bcc'])
  expect(namesOf((await send('GET', '/?bucket-region=us-east-1&prefix=a')).text)).toEqual(['aaa'])
  expect(namesOf((await send('GET', '/?bucket-region=mars-1')).text)).toEqual([])
})

test('pages by an opaque token until there is none', async () => {
  const names: unknown[] = []
  let token: string | undefined
  do {
    const { text } = await send('GET', `/?${token === undefined ? '' : `continuation-token=${token}&`}max-buckets=1`)
    names.push(...namesOf(text))
    token = /<ContinuationToken>([^<]*)</.exec(text)?.[1]
  } while (token !== undefined)
  expect(names).toEqual(['aaa', 'bbb', 'bcc', 'own'])
})

test.each(['max-buckets=0', 'max-buckets=10001', 'max-buckets=x', 'continuation-token=x'])(
  'answers InvalidArgument for %s',
  async (query) => {
    expect((await send('GET', `/?${query}`)).code).toBe('InvalidArgument')
  },
)
