import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLog } from '#storage-engine/log.ts'
import { formatNamedKeys, type NamedKeyAct, runNamedKeysCommand } from '#storage-engine/named-keys-command.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

let setting: TestEngine

beforeAll(async () => {
  setting = await startTestEngine()
  await createNamespace(setting.engine, { name: 'main', displayName: 'Main', encryptionMode: 'on' })
})
afterAll(() => setting.stop())

function run(verb: NamedKeyAct | null, { name = 'key', namespace = 'main', days = 30 } = {}) {
  const act = verb === null ? null : { verb, name }
  const log = createLog({ level: 'fatal', role: 'test' })
  return runNamedKeysCommand(setting.engine.config, { namespace, act, days, log })
}

test('creates, changes and lists the named keys of a running installation', async () => {
  expect(await run(null)).toEqual([])
  expect(await run('create')).toMatchObject([{ name: 'key', state: 'enabled' }])
  for (const verb of ['rotate', 'disable', 'enable'] as const) await run(verb)
  const [key] = await run('delete', { days: 7 })
  expect(key).toMatchObject({ name: 'key', state: 'pending-deletion' })
  expect(formatNamedKeys([key as NonNullable<typeof key>])).toBe(`key\tpending-deletion ${key?.deleteAt}\t${key?.id}\n`)
  expect(formatNamedKeys(await run('keep'))).toBe(`key\tdisabled\t${key?.id}\n`)
})

test.each([
  ['create', { name: 'a b' }, 'letters'],
  ['create', { name: 'aws/ebs' }, 'aws/'],
  ['disable', { name: 'nobodys' }, 'no key'],
  ['delete', { name: 'key', days: Number.NaN }, '7 to 30 days'],
  ['create', { namespace: 'nowhere' }, 'namespace does not exist'],
] as const)('%s of %j says in one line why it does nothing', async (verb, input, reason) => {
  const refusal = run(verb, input)
  await expect(refusal).rejects.toMatchObject({ name: 'StartupError' })
  await expect(refusal).rejects.toThrow(reason)
})
