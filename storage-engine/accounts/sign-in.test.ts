import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  closeSession,
  findActor,
  openSession,
  SESSION_AGE_MS_MAX,
  SESSION_IDLE_MS,
} from '#storage-engine/accounts/console-sessions.ts'
import { createPasswordHash } from '#storage-engine/accounts/password-hash.ts'
import { signIn } from '#storage-engine/accounts/sign-in.ts'
import { newId } from '#storage-engine/ids.ts'
import { findUserByUsername, insertUser } from '#storage-engine/metadata/users.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

const mode = vi.hoisted(() => ({ isFips: false }))
vi.mock('#storage-engine/crypto/fips-mode.ts', () => ({ isFipsMode: () => mode.isFips }))

const PASSWORD = 'correct horse battery staple'
const userId = newId()
let setting: TestEngine

beforeAll(async () => {
  setting = await startTestEngine()
  const passwordHash = await createPasswordHash(PASSWORD)
  await insertUser(setting.engine.db, { id: userId, username: 'ada', displayName: 'Ada', passwordHash })
})
afterAll(() => setting.stop())

let addresses = 0
const freshAddress = () => `192.0.2.${++addresses}`
const attempt = (username: string, password: string, address = freshAddress()) =>
  signIn(setting.engine, { username, password, address, userAgent: 'test' })
const find = (token: string, now?: Date) =>
  findActor(setting.engine, { token, address: null, requestId: '', ...(now === undefined ? {} : { now }) })

test('opens a session for the right password, whatever the case of the name', async () => {
  const { token } = await attempt(' ADA ', PASSWORD)
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect(await find(token)).toMatchObject({ userId, username: 'ada' })
})

test('answers the same for a wrong password and for a name that nobody has', async () => {
  const errors = [
    await attempt('ada', 'wrong').catch((error) => error),
    await attempt('nobody', 'wrong').catch((error) => error),
  ]
  expect(errors.map(({ code, message, status }) => ({ code, message, status }))).toEqual([
    { code: 'InvalidCredentials', message: expect.any(String), status: 401 },
    { code: 'InvalidCredentials', message: errors[0].message, status: 401 },
  ])
})

test('refuses the sixth attempt from an address, even with the right password, and nobody else', async () => {
  const address = freshAddress()
  const codes = []
  for (let count = 0; count < 6; count++)
    codes.push(await attempt('ada', 'wrong', address).catch((error) => error.code))
  expect(codes).toEqual([...Array(5).fill('InvalidCredentials'), 'TooManyAttempts'])
  await expect(attempt('ada', PASSWORD, address)).rejects.toMatchObject({ code: 'TooManyAttempts', status: 429 })
  await expect(attempt('ada', PASSWORD)).resolves.toHaveProperty('token')
})

test('lets no burst of attempts at the same moment slip through', async () => {
  const address = freshAddress()
  const attempts = Array.from({ length: 12 }, () => attempt('ada', 'wrong', address).catch((error) => error.code))
  const codes = await Promise.all(attempts)
  expect(codes.filter((code) => code === 'InvalidCredentials')).toHaveLength(5)
})

test('counts over all processes, and keeps no name in clear', async () => {
  const address = freshAddress()
  const other = await setting.open()
  const codes = []
  for (const engine of [setting.engine, other, setting.engine, other, setting.engine, other]) {
    const tried = signIn(engine, { username: 'my password!', password: 'x', address, userAgent: null })
    codes.push(await tried.catch((error) => error.code))
  }
  await other.close()
  expect(codes).toEqual([...Array(5).fill('InvalidCredentials'), 'TooManyAttempts'])
  const rows = await setting.engine.db.query<{ row: string }>({
    name: 'all-attempts',
    text: 'select a::text as row from sign_in_attempts a',
    values: [],
  })
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.some(({ row }) => row.includes('password'))).toBe(false)
})

test('a right password does not count as an attempt', async () => {
  const address = freshAddress()
  for (let count = 0; count < 6; count++) await attempt('ada', PASSWORD, address)
})

test('slows one address that tries many names', async () => {
  const address = freshAddress()
  const attempts = Array.from({ length: 31 }, (_, index) =>
    attempt(`name${index}`, 'x', address).catch((error) => error.code),
  )
  expect((await Promise.all(attempts)).filter((code) => code === 'InvalidCredentials').length).toBeLessThanOrEqual(30)
  await expect(attempt('ada', PASSWORD, address)).rejects.toMatchObject({ code: 'TooManyAttempts' })
})

test('takes the addresses of one IPv6 network for one, and no others', async () => {
  const networks = ['2001:db8:0:7::1', '2001:db8:0:7:ffff::2', '2001:db8:0:7:1:2:3:4']
  const codes = []
  for (let count = 0; count < 6; count++)
    codes.push(await attempt('ada', 'wrong', networks[count % 3]).catch((error) => error.code))
  expect(codes).toEqual([...Array(5).fill('InvalidCredentials'), 'TooManyAttempts'])
  for (const address of ['2001:db8:0:8::1', '2001:db8::7', '::1', 'fe80::1%eth0'])
    await expect(attempt('ada', PASSWORD, address)).resolves.toHaveProperty('token')
})

test('keeps nothing of attempts from an address that has none left', async () => {
  const address = freshAddress()
  const countRows = async () => {
    const text = 'select count(*)::integer as count from sign_in_attempts'
    const [row] = await setting.engine.db.query<{ count: number }>({ name: 'count-attempts', text, values: [] })
    return row?.count ?? 0
  }
  const tryNames = (names: string[]) =>
    Promise.all(names.map((name) => attempt(name, 'x', address).catch((error) => error.code)))
  await tryNames(Array.from({ length: 30 }, (_, index) => `spray${index}`))
  const before = await countRows()
  expect(await tryNames(['more', 'and more'])).toEqual(['TooManyAttempts', 'TooManyAttempts'])
  expect(await countRows()).toBe(before)
})

test('who is stopped for one name uses up nothing of what the address has for others', async () => {
  const address = freshAddress()
  for (let count = 0; count < 40; count++) await attempt('nobody', 'x', address).catch((error) => error.code)
  await expect(attempt('ada', PASSWORD, address)).resolves.toHaveProperty('token')
})

test('ends a session that is idle for 30 minutes, and any after 12 hours', async () => {
  const start = new Date('2030-01-01T00:00:00Z')
  const after = (ms: number) => new Date(start.getTime() + ms)
  const input = { userId, address: null, userAgent: null, now: start }
  const idle = await openSession(setting.engine, input)
  expect(await find(idle, after(SESSION_IDLE_MS - 1))).not.toBeNull()
  expect(await find(idle, after(2 * SESSION_IDLE_MS - 2))).not.toBeNull()
  expect(await find(idle, after(3 * SESSION_IDLE_MS))).toBeNull()

  const busy = await openSession(setting.engine, input)
  for (let ms = 0; ms < SESSION_AGE_MS_MAX; ms += SESSION_IDLE_MS / 2)
    expect(await find(busy, after(ms))).not.toBeNull()
  expect(await find(busy, after(SESSION_AGE_MS_MAX))).toBeNull()
})

test('ends a session at once when it is revoked, and keeps no token in the database', async () => {
  const token = await openSession(setting.engine, { userId, address: null, userAgent: null })
  const rows = await setting.engine.db.query<{ row: string }>({
    name: 'all-sessions',
    text: 'select sessions::text as row from sessions',
    values: [],
  })
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.some(({ row }) => row.includes(token))).toBe(false)
  await closeSession(setting.engine, { token })
  expect(await find(token)).toBeNull()
  await expect(closeSession(setting.engine, { token })).resolves.toBeUndefined()
})

test('lets a disabled user neither in nor stay', async () => {
  const { token } = await attempt('ada', PASSWORD)
  const disable = (at: Date | null) =>
    setting.engine.db.query({
      name: 'disable',
      text: 'update users set disabled_at = $2 where id = $1',
      values: [userId, at],
    })
  await disable(new Date())
  expect(await find(token)).toBeNull()
  await expect(attempt('ada', PASSWORD)).rejects.toMatchObject({ code: 'InvalidCredentials' })
  await disable(null)
})

test('in FIPS mode puts a PBKDF2 hash in place of an argon2id one, and keeps the sessions that there are', async () => {
  const id = newId()
  const passwordHash = await createPasswordHash(PASSWORD)
  await insertUser(setting.engine.db, { id, username: 'grace', displayName: 'Grace', passwordHash })
  const { token } = await attempt('grace', PASSWORD)
  mode.isFips = true
  await expect(attempt('grace', 'wrong')).rejects.toMatchObject({ code: 'InvalidCredentials' })
  const hashOf = async () => (await findUserByUsername(setting.engine.db, { username: 'grace' }))?.passwordHash
  expect(await hashOf()).toBe(passwordHash)
  await attempt('grace', PASSWORD)
  const renewed = await hashOf()
  expect(renewed).toMatch(/^\$pbkdf2-sha512\$/)
  await attempt('grace', PASSWORD)
  expect(await hashOf()).toBe(renewed)
  expect(await find(token)).toMatchObject({ userId: id })
  mode.isFips = false
})
