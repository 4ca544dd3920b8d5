import { expect, test, vi } from 'vitest'
import { type Credential, cacheCredentials, createCredential } from '#storage-engine/auth/credential.ts'
import { ANONYMOUS } from '#storage-engine/auth/principal.ts'

const credential = createCredential({ accessKeyId: 'a', principal: ANONYMOUS, secret: Buffer.from('s') })

test('asks once for many callers, answers from memory for 5 s, and then asks again', async () => {
  const load = vi.fn(async () => credential)
  let now = 1_000_000
  const find = cacheCredentials(load, () => now)
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
  const find = cacheCredentials(async () => {
    const answer = answers.shift() as Credential | null | Error
    if (answer instanceof Error) throw answer
    return answer
  }, Date.now)
  expect(await find('a')).toBeNull()
  await expect(find('a')).rejects.toThrow('gone')
  expect(await find('a')).toBe(credential)
})
