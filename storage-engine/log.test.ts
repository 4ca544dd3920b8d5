import { createSecretKey } from 'node:crypto'
import { expect, it } from 'vitest'
import { createLog } from '#storage-engine/log.ts'

const CANARY = 'cAnArY-5ecret'

function capture() {
  const lines: string[] = []
  const log = createLog({ level: 'trace', role: 'test', destination: { write: (line) => void lines.push(line) } })
  return { log, entry: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>, text: () => lines.join('') }
}

it('names level, time, role and process, and the request where there is one', () => {
  const { log, entry } = capture()
  log.child({ requestId: 'R1' }).warn({ bucket: 'photos' }, 'slow')
  expect(entry()).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    role: 'test',
    pid: process.pid,
    requestId: 'R1',
    bucket: 'photos',
    msg: 'slow',
  })
})

it.each([
  ['by name', { password: CANARY, secretAccessKey: CANARY, sealedSecret: CANARY, sessionToken: CANARY }],
  [
    'in headers',
    { headers: { Authorization: CANARY, cookie: CANARY, 'x-amz-security-token': CANARY, 'set-cookie': [CANARY] } },
  ],
  ['customer keys', { headers: { 'x-amz-server-side-encryption-customer-key': CANARY } }],
  ['far down', { a: { b: [{ c: { dataKey: CANARY } }] } }],
  ['as bytes', { body: Buffer.from(CANARY), view: new Uint8Array(Buffer.from(CANARY)) }],
  ['as a key object', { key: createSecretKey(Buffer.from(CANARY)) }],
  ['in a connection string', { url: `postgres://sceau:${CANARY}@localhost/db` }],
  ['in a presigned address', { url: `/b/k?X-Amz-Signature=${CANARY}&X-Amz-Credential=${CANARY}` }],
  ['in an authorization text', { line: `AWS4-HMAC-SHA256 Credential=A/b, Signature=${CANARY}` }],
  ['in a bearer text', { line: `Bearer ${CANARY}` }],
  [
    'in an error',
    { err: new Error(`connect postgres://u:${CANARY}@h failed`, { cause: new Error(`token=${CANARY}`) }) },
  ],
  ['in fields of an error', { err: Object.assign(new Error('x'), { config: { password: CANARY }, detail: CANARY }) }],
])('never prints a secret %s', (_, fields) => {
  const { log, text } = capture()
  log.debug(fields, 'something happened')
  expect(text()).toContain('something happened')
  expect(text()).not.toContain(CANARY)
})

it('never prints a secret in a message or in what a child is bound to', () => {
  const { log, text } = capture()
  log.child({ authorization: CANARY }).info(`opened postgres://u:${CANARY}@h`)
  expect(text()).not.toContain(CANARY)
})

it('tells an error with its code and its causes', () => {
  const { log, entry } = capture()
  const cause = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  log.error({ err: new Error('write failed', { cause }) }, 'put')
  expect(entry()['err']).toMatchObject({ message: 'write failed', cause: { message: 'no space left', code: 'ENOSPC' } })
})

it('ends with cycles and endless depth', () => {
  const { log, entry } = capture()
  const loop: Record<string, unknown> = { name: 'loop' }
  loop['self'] = loop
  log.info({ loop }, 'round')
  expect(entry()).toMatchObject({ msg: 'round', loop: { name: 'loop' } })
})
