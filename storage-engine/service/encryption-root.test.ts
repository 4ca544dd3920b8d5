import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Actor } from '#storage-engine/accounts/actor.ts'
import { getRootKeys } from '#storage-engine/service/encryption-root.ts'
import { startTestVault, type TestVault } from '#storage-engine/testing/start-test-vault.ts'
import { startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

const administrator: Actor = {
  userId: '01900000-0000-7000-8000-000000000001',
  username: 'admin',
  displayName: 'Admin',
  isAdministrator: true,
  memberships: [],
  address: null,
  requestId: 'request',
}

let directory: string
let vault: TestVault
let setting: TestEngine
beforeAll(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sceau-vault-'))
  vault = await startTestVault({ directory })
  setting = await startTestEngine(vault.environmentFor('root'))
})
afterAll(async () => {
  await setting.stop()
  await vault.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

test('tells that the root provider is down although nobody has asked for the signing key before', async () => {
  vault.fault = 'sealed'
  expect(await getRootKeys(setting.engine, administrator)).toMatchObject({
    provider: { kind: 'vault', health: 'unreachable' },
    attestation: null,
  })
  vault.fault = 'none'
  const { attestation } = await getRootKeys(setting.engine, administrator)
  vault.fault = 'sealed'
  expect((await getRootKeys(setting.engine, administrator)).attestation).toEqual(attestation)
})

test('counts what the root keys wrap once for all who look at the same time', async () => {
  vault.fault = 'none'
  const list = vi.spyOn(setting.engine.keystore, 'list')
  const look = () => getRootKeys(setting.engine, administrator)
  const looks = await Promise.all([look(), look(), look()])
  expect(new Set(looks.map((found) => JSON.stringify(found))).size).toBe(1)
  expect(list).toHaveBeenCalledTimes(1)
  await look()
  expect(list).toHaveBeenCalledTimes(2)
  list.mockRestore()
})
