import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { KEY_CACHE_MS } from '#storage-engine/crypto/namespace-key-cache.ts'
import { type RawRequest, sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'
import { startTestVault, type TestVault, type VaultFault } from '#storage-engine/testing/start-test-vault.ts'

const CANARY = randomBytes(64).toString('hex')
/** By how much kept keys are older than they are. */
let agedMs = 0
let directory: string
let vault: TestVault
let gateway: TestGateway

beforeAll(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sceau-vault-'))
  vault = await startTestVault({ directory })
  gateway = await startTestGateway({ environment: vault.environmentFor('root'), keyClock: () => Date.now() + agedMs })
  expect((await send('PUT', '/sealed')).status).toBe(200)
  expect((await send('PUT', '/plain', { as: 'neighbour' })).status).toBe(200)
  expect((await send('PUT', '/sealed/old', { body: CANARY })).status).toBe(200)
  expect((await send('PUT', '/plain/old', { body: 'old', as: 'neighbour' })).status).toBe(200)
})
afterEach(() => {
  vault.fault = 'none'
})
afterAll(async () => {
  await gateway.stop()
  await vault.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

const send = (method: string, target: string, rest: Partial<RawRequest> = {}) =>
  sendSigned(gateway, { method, target, ...rest })
/** Where each signature is checked with a secret that must be opened first. */
async function sendToFreshDoor(target: string) {
  const door = await gateway.openDoor()
  const answer = await sendSigned({ ...gateway, port: door.port }, { method: 'GET', target, as: 'neighbour' })
  await door.close()
  return answer
}
function letKeysExpire(): void {
  agedMs += KEY_CACHE_MS + 1000
}

/** What a namespace's users do; those that need its key. */
const sealing: [name: string, method: string, target: string, body?: string][] = [
  ['PUT', 'PUT', '/sealed/new', CANARY],
  ['an empty PUT', 'PUT', '/sealed/empty', ''],
  ['GET', 'GET', '/sealed/old'],
]

async function countKeys(): Promise<unknown> {
  const text = 'select count(*)::int as count, max(version) as version from namespace_keys'
  return gateway.engine.db.query({ name: 'count-keys', text, values: [] })
}

function isOnDisk(text: string): boolean {
  const nodes = path.join(gateway.engine.config.dataDir, 'nodes')
  const files = fs.readdirSync(nodes, { recursive: true, encoding: 'utf8' }).map((name) => path.join(nodes, name))
  return files.filter((file) => fs.statSync(file).isFile()).some((file) => fs.readFileSync(file).includes(text))
}

describe('while the root provider is', () => {
  const faults: VaultFault[] = ['reset', 'garbage', 'huge', 'denied', 'sealed', 'keyless', 'hang']

  it.each(faults)('%s: 503 for what is sealed once the keys have aged, and nothing else changes', async (fault) => {
    await send('GET', '/sealed/old')
    const keys = await countKeys()
    vault.fault = fault
    expect((await send('GET', '/sealed/old')).text).toBe(CANARY)
    expect((await send('PUT', '/sealed/cached', { body: CANARY })).status).toBe(200)

    letKeysExpire()
    const refused = sealing.map(async ([name, method, target, body]) => ({
      name,
      answer: await send(method, target, body === undefined ? {} : { body }),
    }))
    const served = [
      send('GET', '/plain/old', { as: 'neighbour' }),
      send('PUT', '/plain/new', { as: 'neighbour', body: 'new' }),
      send('GET', '/sealed?list-type=2'),
      send('HEAD', '/sealed'),
      sendToFreshDoor('/plain/old'),
    ]
    for (const { name, answer } of await Promise.all(refused)) {
      expect({ name, status: answer.status, code: answer.code }).toEqual({
        name,
        status: 503,
        code: 'ServiceUnavailable',
      })
      expect(answer.text).not.toContain(vault.token)
    }
    expect((await Promise.all(served)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(await countKeys()).toEqual(keys)
    expect(isOnDisk(CANARY)).toBe(false)
    expect((await send('GET', '/plain/new', { as: 'neighbour' })).text).toBe('new')

    vault.fault = 'none'
    expect((await send('GET', '/sealed/old')).text).toBe(CANARY)
    expect((await send('PUT', '/sealed/back', { body: CANARY })).status).toBe(200)
    expect((await send('GET', '/sealed/new')).status).toBe(404)
    expect(isOnDisk(CANARY)).toBe(false)
  })

  it('down: an upload that was begun before takes no part, and goes on afterwards', async () => {
    const { text } = await send('POST', '/sealed/large?uploads')
    const uploadId = /<UploadId>([^<]+)</.exec(text)?.[1] ?? ''
    const part = (number: number) =>
      send('PUT', `/sealed/large?partNumber=${number}&uploadId=${uploadId}`, { body: CANARY })
    expect((await part(1)).status).toBe(200)
    vault.fault = 'sealed'
    letKeysExpire()
    expect(await part(2)).toMatchObject({ status: 503, code: 'ServiceUnavailable' })
    vault.fault = 'none'
    expect((await part(2)).status).toBe(200)
    expect(isOnDisk(CANARY)).toBe(false)
  })
})

it('finds a root key of the same name with other material broken, and seals nothing under it', async () => {
  letKeysExpire()
  await send('GET', '/plain/old', { as: 'neighbour' })
  await send('GET', '/sealed/old')
  const material = vault.keys.get('root') as NonNullable<ReturnType<typeof vault.keys.get>>
  vault.keys.delete('root')
  gateway.engine.keyring.forgetKeys()
  const answers = [await send('PUT', '/sealed/new', { body: CANARY }), await send('GET', '/sealed/old')]
  for (const { status } of answers) expect(status).toBeGreaterThanOrEqual(500)
  vault.keys.set('root', material)
  expect((await send('GET', '/sealed/new')).status).toBe(404)
  expect((await send('GET', '/sealed/old')).text).toBe(CANARY)
})

it('would see the canary where it is not sealed', async () => {
  expect((await send('PUT', '/plain/canary', { as: 'neighbour', body: CANARY })).status).toBe(200)
  expect(isOnDisk(CANARY)).toBe(true)
})
