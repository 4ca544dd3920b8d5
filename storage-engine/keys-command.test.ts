import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatKeys, type KeysCommand, parseKeysAct, runKeysCommand } from '#storage-engine/keys-command.ts'
import { createLog } from '#storage-engine/log.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

let setting: TestEngine

beforeAll(async () => {
  setting = await startTestEngine()
  await createNamespace(setting.engine, { name: 'main', displayName: 'Main', encryptionMode: 'on' })
})
afterAll(() => setting.stop())

async function run(word?: string, input: Partial<KeysCommand> = {}): Promise<string> {
  const log = createLog({ level: 'fatal', role: 'test' })
  const command = { namespace: null, version: undefined, days: 21, confirm: undefined, ...input }
  return formatKeys(await runKeysCommand(setting.engine.config, { ...command, act: parseKeysAct(word), log }))
}

test('shows and rotates the root key', async () => {
  const { id, version } = await setting.engine.rootProvider.active()
  // The canary, a namespace key, its token, and the attestation key.
  expect(await run()).toMatch(new RegExp(`^file .*\\tok\\n${version}\\tactive\\t4\\t${id}\\n$`))
  expect(await run('rotate-root')).toMatch(
    new RegExp(`\\n2\\tactive\\t0\\t.*\\n1\\tdecrypt-only\\t4\\t${id}\\nrotation running\\t0 of 4\\n$`),
  )
})

test('rotates the keys of a namespace, and takes an order to shred it back', async () => {
  const namespace = 'main'
  expect(await run(undefined, { namespace })).toBe('1\tactive\t0\n')
  expect(await run('rotate', { namespace })).toBe('2\tactive\t0\n1\tdecrypt-only\t0\n')
  expect(await run('retire', { namespace, version: 1, confirm: namespace })).toBe('2\tactive\t0\n1\tretired\t0\n')
  expect(await run('rewrap', { namespace })).toContain('rewrap running\t0 of 0\n')
  expect(await run('shred', { namespace, confirm: namespace })).toMatch(/\nshred scheduled\t\d{4}-.*\n$/)
  expect(await run('keep', { namespace })).not.toContain('shred')
})

test.each([
  ['rotate', {}, 'Say whose keys'],
  ['rotate', { namespace: 'nowhere' }, 'namespace does not exist'],
  ['retire', { namespace: 'main', version: 2, confirm: 'other' }, 'confirmation does not match'],
  ['retire', { namespace: 'main', version: 2, confirm: 'main' }, 'rotate the key first'],
  ['retire-root', { confirm: 'nobody' }, 'no such version'],
  ['shred', { namespace: 'main', confirm: 'main', days: Number.NaN }, '7 to 90 days'],
  ['record', { namespace: 'main' }, 'have not been destroyed'],
  ['explode', {}, 'sceau keys knows'],
] as const)('%s of %j says in one line why it does nothing', async (word, input, reason) => {
  const refusal = run(word, input)
  await expect(refusal).rejects.toMatchObject({ name: 'StartupError' })
  await expect(refusal).rejects.toThrow(reason)
})
