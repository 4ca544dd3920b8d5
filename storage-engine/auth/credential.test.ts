import { expect, test, vi } from 'vitest'
import { type Credential, cacheCredentials, createCredential } from '#storage-engine/auth/credential.ts'
import { ANONYMOUS, type Principal } from '#storage-engine/auth/principal.ts'

const credential = createCredential({ accessKeyId: 'a', principal: ANONYMOUS, secret: Buffer.from('s') })

test('asks once for many callers, answers from memory for 5 s, and then asks again', async () => {
  const load = vi.fn(async () => credential)
  let now = 1_000_000
  const { find: findCredential } = cacheCredentials(load, () => now)
  const find = (accessKeyId: string) => findCredential(accessKeyId, null)
  expect(await Promise.all([find('a'), find('a'), find('a')])).toEqual([credential, credential, credential])
  expect(find('a')).toBe(credential)
  now += 4_900
  expect(find('a')).toBe(credential)
  expect(load).toHaveBeenCalledTimes(1)
  now += 200
  await find('a')
  expect(load).toHaveBeenCalledTimes(2)
})

test('never remembers that a key is unknown, and forgets a look-up that failed', async () => {
  const answers: (Credential | null | Error)[] = [null, new Error('gone'), credential]
  const { find: findCredential } = cacheCredentials(async () => {
    const answer = answers.shift() as Credential | null | Error
    if (answer instanceof Error) throw answer
    return answer
  }, Date.now)
  const find = (accessKeyId: string) => findCredential(accessKeyId, null)
  expect(await find('a')).toBeNull()
  await expect(find('a')).rejects.toThrow('gone')
  expect(await find('a')).toBe(credential)
})

test('keeps credentials of different session tokens apart', async () => {
  const load = vi.fn(async (accessKeyId: string, sessionToken: string | null) =>
    sessionToken === 'right' ? createCredential({ ...credential, accessKeyId, expiresAt: 1 }) : null,
  )
  const { find } = cacheCredentials(load, () => 0)
  const [right, wrong] = await Promise.all([find('ASIA', 'right'), find('ASIA', 'wrong')])
  expect([right?.expiresAt, wrong]).toEqual([1, null])
  expect(await find('ASIA', null)).toBeNull()
  expect(await find('ASIA', 'right')).toBe(right)
})

test('a refresh counts for whoever asks later, also when the key is gone', async () => {
  const changed = createCredential({ ...credential, expiresAt: 2 })
  const answers: (Credential | null)[] = [credential, changed, null, null]
  const { find, refresh } = cacheCredentials(
    async () => answers.shift() as Credential | null,
    () => 0,
  )
  expect(await find('a', null)).toBe(credential)
  expect(await refresh('a', null)).toBe(changed)
  expect(await find('a', null)).toBe(changed)
  expect(await refresh('a', null)).toBeNull()
  expect(await find('a', null)).toBeNull()
})

test('remembers few credentials when their policies are long', async () => {
  const principal: Principal = {
    kind: 'object-user',
    id: 'u',
    namespaceId: 'n',
    namespaceName: 'n',
    accountId: '',
    iamEpoch: 0,
    identityPolicies: ['x'.repeat(1024 ** 2)],
    sessionPolicies: null,
    isTemporary: false,
    canonicalId: 'c',
    displayName: 'd',
    isRoot: false,
  }
  const load = vi.fn(async (accessKeyId: string) => ({ ...credential, accessKeyId, principal }))
  const { find } = cacheCredentials(load, () => 0)
  for (let index = 0; index < 20; index++) await find(`key-${index}`, null)
  await find('key-19', null)
  expect(load).toHaveBeenCalledTimes(20)
  await find('key-0', null)
  expect(load).toHaveBeenCalledTimes(21)
})
