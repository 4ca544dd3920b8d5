import { afterAll, beforeAll, expect, test } from 'vitest'
import { GET } from '#app/api/v1/session/route.ts'
import { callRoute } from '#storage-engine/testing/call-route.ts'
import { startTestConsole, type TestConsole } from '#storage-engine/testing/start-test-console.ts'

let testConsole: TestConsole

beforeAll(async () => {
  testConsole = await startTestConsole()
})
afterAll(() => testConsole.stop())

test('says who is signed in and where they may do what', async () => {
  expect(await callRoute(testConsole, GET, { as: 'writer' })).toMatchObject({
    status: 200,
    json: {
      user: { id: testConsole.userIds.writer, username: 'writer', isAdministrator: false },
      namespaces: [
        {
          name: 'acme',
          displayName: 'Acme',
          role: 'member',
          permissions: ['object-storage_read', 'object-storage_write'],
        },
      ],
    },
  })
})

test('tells nothing to whoever is not signed in', async () => {
  for (const cookie of [
    '',
    '__Host-sceau.session=',
    `__Host-sceau.session=${'a'.repeat(43)}`,
    '__Host-sceau.session=../../x',
  ]) {
    expect(await callRoute(testConsole, GET, { as: null, headers: { cookie } })).toMatchObject({
      status: 401,
      json: { error: { code: 'NotSignedIn' } },
    })
  }
})
