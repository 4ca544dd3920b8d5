import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { describeRootProvider } from '#storage-engine/crypto/root-provider.conformance.ts'
import type { RootProvider } from '#storage-engine/crypto/root-provider.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import { createVaultRootProvider, type VaultRootProviderInput } from '#storage-engine/crypto/vault-root-provider.ts'
import { startTestVault, type TestVault, type VaultFault } from '#storage-engine/testing/start-test-vault.ts'

let directory: string
let vault: TestVault
let ca: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vault-'))
  vault = await startTestVault({ directory })
  ca = await readFile(vault.caFile, 'utf8')
  await writeFile(join(directory, 'token'), `${vault.token}\n`)
})
beforeEach(() => {
  vault.fault = 'none'
})
afterAll(async () => {
  await vault.close()
  await rm(directory, { recursive: true, force: true })
})

function openVault(key: string, changes: Partial<VaultRootProviderInput> = {}): RootProvider {
  return createVaultRootProvider({
    address: new URL(vault.address),
    mount: 'transit',
    key,
    namespace: null,
    tokenFile: join(directory, 'token'),
    ca,
    timeoutMs: 500,
    ...changes,
  })
}

describeRootProvider({
  name: 'vault',
  open: async () => openVault('mine'),
  openOther: async () => openVault('other'),
  openRotatable: async () => openVault('rotatable'),
})

const context = Buffer.from('a context')
const key = randomBytes(32)

describe('retirement in vault', () => {
  it('goes from the oldest version on, since it takes away all that are older', async () => {
    const provider = openVault('aged')
    const first = await provider.active()
    const second = await provider.rotation?.rotate()
    await provider.rotation?.rotate()
    await expect(provider.rotation?.retire(second as typeof first)).rejects.toMatchObject({
      code: 'InvalidRequest',
      message: /retire version 1 first/,
    })
    await provider.rotation?.retire(first)
    expect((await provider.list()).map(({ version }) => version)).toEqual([3, 2])
  })
})

describe('a key that will not do', () => {
  it.each([
    ['aes128', { type: 'aes128-gcm96' }, /of type aes128-gcm96, not aes256-gcm96/],
    ['derived', { derived: true }, /is a derived one/],
  ])('wraps nothing: %s', async (name, change, message) => {
    await openVault(name).active()
    Object.assign(vault.keys.get(name) as object, change)
    await expect(openVault(name).wrap({ context, key })).rejects.toThrow(message)
    await expect(openVault(name).health()).rejects.toThrow(message)
  })
})

describe('a service in trouble', () => {
  const broken: [VaultFault, RegExp][] = [
    ['reset', /ECONNRESET|socket hang up/],
    ['hang', /did not answer within 500 ms/],
    ['garbage', /not one of the transit engine/],
    ['huge', /larger than 65536 bytes/],
    ['denied', /answered 403: permission denied/],
    ['sealed', /answered 503: Vault is sealed/],
    ['keyless', /answered 400: encryption key not found/],
  ]

  it.each(broken)('%s: is out of reach, which no record is blamed for', async (fault, message) => {
    const provider = openVault('mine')
    const record = await provider.wrap({ context, key })
    vault.fault = fault
    for (const call of [
      () => provider.wrap({ context, key }),
      () => provider.unwrap({ context, record }),
      () => provider.active(),
      () => provider.list(),
      () => provider.health(),
    ]) {
      const error = await call().catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(Error)
      expect(error).not.toBeInstanceOf(SealBrokenError)
      expect(String(error)).toMatch(message)
      expect(String(error)).not.toContain(vault.token)
    }
    vault.fault = 'none'
    expect((await provider.unwrap({ context, record })).equals(key)).toBe(true)
  })

  it('that is not there, or that shows a certificate of nobody we trust, is out of reach', async () => {
    await expect(openVault('mine', { address: new URL('https://127.0.0.1:9') }).health()).rejects.toThrow(
      'ECONNREFUSED',
    )
    await expect(openVault('mine', { ca: null }).health()).rejects.toThrow(/certificate/)
  })

  it('is asked once more when the connection was reset, and only once', async () => {
    const provider = openVault('mine')
    await provider.health()
    vault.fault = 'reset-once'
    await expect(provider.active()).resolves.toMatchObject({ version: 1 })
    vault.fault = 'reset'
    const before = vault.requestCount
    await expect(provider.active()).rejects.toThrow()
    expect(vault.requestCount - before).toBe(2)
  })

  it('is out of reach while there is no token, and well as soon as there is one', async () => {
    const tokenFile = join(directory, 'late-token')
    const provider = openVault('mine', { tokenFile })
    await expect(provider.health()).rejects.toThrow('ENOENT')
    await writeFile(tokenFile, '\n')
    await expect(provider.health()).rejects.toThrow('holds no token')
    await writeFile(tokenFile, 'expired')
    await expect(provider.health()).rejects.toThrow('403')
    await writeFile(tokenFile, vault.token)
    await expect(provider.health()).resolves.toBeUndefined()
  })
})
