import { afterAll, beforeAll, expect, it } from 'vitest'
import { findActor } from '#storage-engine/accounts/console-sessions.ts'
import { signIn } from '#storage-engine/accounts/sign-in.ts'
import { createLog } from '#storage-engine/log.ts'
import { listAuditEvents } from '#storage-engine/metadata/audit.ts'
import { type FirstRun, prepareInstallation } from '#storage-engine/namespaces/first-run.ts'
import { formatNewPassword, runResetPasswordCommand } from '#storage-engine/reset-password-command.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

let test: TestEngine
let first: FirstRun

beforeAll(async () => {
  test = await startTestEngine()
  first = (await prepareInstallation(test.engine)) as FirstRun
})

afterAll(() => test.stop())

const reset = (user: string) =>
  runResetPasswordCommand(test.engine.config, { user, log: createLog({ level: 'fatal', role: 'test' }) })
const enter = (username: string, password: string) =>
  signIn(test.engine, { username, password, address: '10.0.0.1', userAgent: null })

it('lets an administrator in by a new password, shuts the old one out, and ends sessions', async () => {
  const { token } = await enter('admin', first.password)
  const session = { token, address: '10.0.0.1', requestId: '-' }
  expect(await findActor(test.engine, session)).toMatchObject({ username: 'admin' })
  const made = await reset(' Admin ')
  expect(formatNewPassword(made)).toBe(`username\tadmin\npassword\t${made.password}\n`)
  await expect(enter('admin', first.password)).rejects.toMatchObject({ code: 'InvalidCredentials' })
  expect(await findActor(test.engine, session)).toBeNull()
  expect((await enter('admin', made.password)).userId).toBeTruthy()
})

it('says who is not there, and writes down what was done and what was not', async () => {
  await expect(reset('nobody')).rejects.toThrow('There is no user nobody.')
  const events = await listAuditEvents(test.engine.db, { namespaceId: null, before: null, limit: 10 })
  const told = events.map(({ action, target, actor, result }) => [action, target, actor, result])
  expect(told.filter(([action]) => action === 'user.reset-password')).toEqual([
    ['user.reset-password', 'nobody', 'command line', 'failed'],
    ['user.reset-password', 'admin', 'command line', 'ok'],
  ])
})
