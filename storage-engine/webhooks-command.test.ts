import { afterAll, beforeAll, expect, it } from 'vitest'
import { createLog } from '#storage-engine/log.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { formatWebhooks, runWebhooksCommand, type WebhooksCommand } from '#storage-engine/webhooks-command.ts'

let test: TestEngine

beforeAll(async () => {
  test = await startTestEngine({ SCEAU_WEBHOOK_ALLOWED_ADDRESSES: '10.0.0.0/8' })
  await createNamespace(test.engine, { name: 'main', displayName: 'Main', encryptionMode: 'on' })
})

afterAll(() => test.stop())

const run = (act: WebhooksCommand['act'], namespace = 'main') =>
  runWebhooksCommand(test.engine.config, { namespace, act, log: createLog({ level: 'fatal', role: 'test' }) })

it('makes, shows and removes webhooks, with the secret shown once', async () => {
  const made = await run({ verb: 'create', name: 'hook', url: 'https://10.1.2.3/events' })
  expect(formatWebhooks(made)).toBe(
    `secret\t${made.secret}\narn:aws:sns:us-east-1:main:hook\thttps://10.1.2.3/events\n`,
  )
  expect(formatWebhooks(await run(null))).toBe('arn:aws:sns:us-east-1:main:hook\thttps://10.1.2.3/events\n')
  expect(formatWebhooks(await run({ verb: 'retry' }))).toContain('hook')
  expect(formatWebhooks(await run({ verb: 'delete', name: 'hook' }))).toBe('')
})

it('says in one line why nothing was done', async () => {
  await expect(run(null, 'nowhere')).rejects.toThrow('The specified namespace does not exist.')
  await expect(run({ verb: 'delete', name: 'hook' })).rejects.toThrow('The specified webhook does not exist.')
  await expect(run({ verb: 'create', name: 'hook', url: 'https://127.0.0.1/' })).rejects.toThrow('no public address')
})
