import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Engine } from '#storage-engine/engine.ts'
import { StartupError } from '#storage-engine/errors.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { loadNamespaceKeys } from '#storage-engine/metadata/namespace-keys.ts'
import { startTestVault, type TestVault, type VaultFault } from '#storage-engine/testing/start-test-vault.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { putTestObject } from '#storage-engine/testing/test-objects.ts'

let directory: string
let vault: TestVault
beforeAll(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sceau-vault-'))
  vault = await startTestVault({ directory })
})
afterAll(async () => {
  await vault.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

let test: TestEngine
let keyName: string
let keyCount = 0
beforeEach(async () => {
  vault.fault = 'none'
  keyName = `root-${++keyCount}`
  test = await startTestEngine(vault.environmentFor(keyName))
})
afterEach(() => test.stop())

function write(engine: Engine, bucket: Bucket, body = 'v') {
  return putTestObject(engine, { bucket, key: 'k', body: Buffer.from(body) })
}

/** A root key of the same name with other material: what a service has after it was set up anew. */
function replaceRootKey(): void {
  vault.keys.delete(keyName)
}

const outOfReach = { code: 'ServiceUnavailable', status: 503 }

describe('a start while the root provider is', () => {
  const faults: VaultFault[] = ['reset', 'garbage', 'huge', 'denied', 'sealed', 'keyless']
  it.each(faults)('%s: serves what is not encrypted, and the rest once it is back', async (fault) => {
    const sealed = await createTestBucketIn(test.engine)
    const plain = await createTestBucketIn(test.engine, { encryptionMode: 'off' })
    vault.fault = fault
    const engine = await test.open()
    await expect(engine.findRootHealth()).resolves.toMatchObject({ health: 'unreachable' })
    await expect(write(engine, sealed)).rejects.toMatchObject(outOfReach)
    await expect(write(engine, plain)).resolves.toMatchObject({ size: 1 })
    vault.fault = 'none'
    await expect(write(engine, sealed)).resolves.toMatchObject({ size: 1 })
    await engine.close()
  })

  it('down, and comes back with another key: neither opens nor wraps anything, ever', async () => {
    const sealed = await createTestBucketIn(test.engine)
    vault.fault = 'sealed'
    const engine = await test.open()
    replaceRootKey()
    vault.fault = 'none'
    await expect(write(engine, sealed)).rejects.toMatchObject(outOfReach)
    await expect(createTestBucketIn(engine)).rejects.toMatchObject(outOfReach)
    const secret = { purpose: 'token', context: 'c', plain: Buffer.from('p') } as const
    await expect(engine.keyring.sealSecret(secret)).rejects.toMatchObject(outOfReach)
    await engine.close()
  })
})

describe('refuses to start', () => {
  async function refusal(): Promise<string> {
    const error = await test.open().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StartupError)
    return (error as StartupError).message
  }

  it('with another root key of the same name, in one line that says where', async () => {
    replaceRootKey()
    expect(await refusal()).toMatch(/^The root key in https:\S+ is not the one that sealed this installation\.[^\n]*$/)
  })

  it('when the version that everything is wrapped under was revoked', async () => {
    await test.engine.rootProvider.rotation?.rotate()
    await test.engine.rootProvider.rotation?.retire({ ...(await test.engine.rootProvider.active()), version: 1 })
    expect(await refusal()).toMatch(/is not the one that sealed/)
  })

  it('an installation that does not exist while its provider is down, and founds nothing', async () => {
    vault.fault = 'sealed'
    const founding = startTestEngine(vault.environmentFor('root-of-none'))
    await expect(founding).rejects.toThrow(StartupError)
    await expect(founding).rejects.toThrow(/so nothing was founded: Vault answered 503: Vault is sealed$/)
  })
})

describe('a running engine', () => {
  it('makes no namespace and no key without its provider', async () => {
    const { engine } = test
    const before = await engine.db.query({ name: 'count-namespaces', text: 'select name from namespaces', values: [] })
    vault.fault = 'reset'
    await expect(createTestBucketIn(engine)).rejects.toMatchObject(outOfReach)
    const after = await engine.db.query({ name: 'count-namespaces', text: 'select name from namespaces', values: [] })
    expect(after).toEqual(before)
  })

  it('seals with what it has cached while the provider is down, and with nothing once that is forgotten', async () => {
    const { engine } = test
    const bucket = await createTestBucketIn(engine)
    await write(engine, bucket)
    vault.fault = 'reset'
    await write(engine, bucket)
    engine.keyring.forgetKeys()
    await expect(write(engine, bucket)).rejects.toMatchObject(outOfReach)
    const { rows } = await loadNamespaceKeys(engine.db, { namespaceId: bucket.namespaceId })
    expect(rows).toHaveLength(1)
    vault.fault = 'none'
    await write(engine, bucket)
  })
})
