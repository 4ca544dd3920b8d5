import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

const asked = { 'x-amz-optional-object-attributes': 'RestoreStatus' }
const restore = (target: string) =>
  send('POST', `/bkt/${target}`, { body: '<RestoreRequest><Days>2</Days></RestoreRequest>' })
const frozen = (key: string) => send('PUT', `/bkt/${key}`, { body: 'x', headers: { 'x-amz-storage-class': 'GLACIER' } })

/** Key, version and what is told of the restored copy, entry by entry. */
async function statuses(query: string, headers: Record<string, string> = asked): Promise<unknown[]> {
  const { text } = await send('GET', `/bkt?${query}`, { headers })
  return [...text.matchAll(/<(Contents|Version)>(.*?)<\/\1>/gs)].map(([, , entry = '']) => {
    const status = /<RestoreStatus>(.*)<\/RestoreStatus>/.exec(entry)?.[1] ?? null
    return [/<Key>(.*)<\/Key>/.exec(entry)?.[1], status?.replace(/\d{4}-\d\d-\d\dT00:00:00\.000Z/, 'MIDNIGHT') ?? null]
  })
}

const RESTORED = '<IsRestoreInProgress>false</IsRestoreInProgress><RestoreExpiryDate>MIDNIGHT</RestoreExpiryDate>'

test('each listing tells of restored copies, when it is asked to', async () => {
  await send('PUT', '/bkt/warm', { body: 'x' })
  for (const key of ['cold', 'restored']) await frozen(key)
  expect((await restore('restored?restore')).status).toBe(202)
  const expected = [
    ['cold', null],
    ['restored', RESTORED],
    ['warm', null],
  ]
  for (const query of ['', 'list-type=2', 'versions']) {
    expect(await statuses(query)).toEqual(expected)
    expect(await statuses(query, {})).toEqual(expected.map(([key]) => [key, null]))
  }
})

test('the listing of versions tells them apart, the null version among them', async () => {
  await send('PUT', '/bkt?versioning', {
    body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  })
  await frozen('many')
  const { headers } = await frozen('many')
  await restore(`many?restore&versionId=${headers['x-amz-version-id']}`)
  await restore('restored?restore&versionId=null')
  await frozen('restored')
  expect(await statuses('versions&prefix=many')).toEqual([
    ['many', RESTORED],
    ['many', null],
  ])
  expect(await statuses('versions&prefix=restored')).toEqual([
    ['restored', null],
    ['restored', RESTORED],
  ])
  expect(await statuses('list-type=2&prefix=restored')).toEqual([['restored', null]])
})

test('another attribute is refused by its name', async () => {
  const headers = { 'x-amz-optional-object-attributes': 'RestoreStatus, Colour' }
  for (const query of ['', 'list-type=2', 'versions']) {
    const answer = await send('GET', `/bkt?${query}`, { headers })
    expect([answer.status, answer.code]).toEqual([400, 'InvalidArgument'])
    expect(answer.text).toContain('<ArgumentValue>Colour</ArgumentValue>')
  }
})

test('nobody learns more by asking than by listing', async () => {
  for (const as of ['neighbour', null] as const) {
    expect((await send('GET', '/bkt?list-type=2', { headers: asked, as })).code).toBe('AccessDenied')
  }
})
