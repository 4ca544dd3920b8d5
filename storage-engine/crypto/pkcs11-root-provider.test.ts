import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type OpenPkcs11RootProviderInput,
  openPkcs11RootProvider,
} from '#storage-engine/crypto/pkcs11-root-provider.ts'
import { describeRootProvider } from '#storage-engine/crypto/root-provider.conformance.ts'
import type { RootProvider } from '#storage-engine/crypto/root-provider.ts'
import { nameRootKey } from '#storage-engine/crypto/root-record.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import { StartupError } from '#storage-engine/errors.ts'
import { findSoftHsm, type SoftHsm } from '#storage-engine/testing/find-softhsm.ts'

const found = hasBinding() ? await findSoftHsm() : { missing: 'pkcs11js is not installed' }
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'pkcs11-'))
/** As one file, as in dist/: it starts faster than the sources, and finds node_modules from there. */
const workerFile = path.resolve(`.cache/pkcs11-worker-${process.pid}.mjs`)
beforeAll(async () => {
  const options = { bundle: true, platform: 'node', format: 'esm', logLevel: 'warning' } as const
  await build({ ...options, entryPoints: ['storage-engine/pkcs11-worker.ts'], outfile: workerFile })
})
afterAll(() => {
  for (const made of [directory, workerFile]) fs.rmSync(made, { recursive: true, force: true })
})

function hasBinding(): boolean {
  try {
    createRequire(import.meta.url)('pkcs11js')
    return true
  } catch {
    return false
  }
}

const pinFile = path.join(directory, 'pin')
fs.writeFileSync(pinFile, '1234\n')
const place = { module: 'module' in found ? found.module : '', token: 'sceau', key: 'root', pinFile }
const openToken = (changes: Partial<OpenPkcs11RootProviderInput> = {}, placeChanges: Partial<typeof place> = {}) =>
  openPkcs11RootProvider({ place: { ...place, ...placeChanges }, workerFile, isInstallationEmpty: false, ...changes })

describe('without what the operator must provide', () => {
  async function refusal(changes: Partial<typeof place>): Promise<string> {
    const error = await openToken({}, changes).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StartupError)
    return (error as StartupError).message
  }

  it('refuses to start, and says what is missing', async () => {
    const message = await refusal({ module: path.join(directory, 'no-module.so') })
    expect(message).toMatch(
      /^SCEAU_ROOT_PROVIDER "pkcs11": The (package pkcs11js is missing|PKCS#11 module \S+ cannot be loaded)/,
    )
  })
})

if ('missing' in found) {
  it('keeps its promises with SoftHSM', ({ skip }) => skip(found.missing))
} else {
  describeWithSoftHsm(found)
}

function describeWithSoftHsm({ module, tool }: SoftHsm): void {
  beforeAll(() => {
    const configuration = path.join(directory, 'softhsm2.conf')
    fs.mkdirSync(path.join(directory, 'tokens'))
    fs.writeFileSync(configuration, `directories.tokendir = ${path.join(directory, 'tokens')}\nlog.level = ERROR\n`)
    process.env['SOFTHSM2_CONF'] = configuration
    for (const label of ['sceau', 'other']) createToken(label)
  })

  function createToken(label: string): void {
    const pins = ['--so-pin', '12345678', '--pin', '1234']
    execFileSync(tool, ['--module', module, '--init-token', '--free', '--label', label, ...pins])
  }
  const openFirst = (changes: Partial<typeof place> = {}) => openToken({ isInstallationEmpty: true }, changes)

  describeRootProvider({
    name: 'pkcs11',
    open: () => openFirst(),
    openOther: () => openFirst({ token: 'other' }),
    openRotatable: () => openFirst({ key: 'rotatable' }),
  })

  const context = Buffer.from('a context')
  const key = randomBytes(32)

  describe('pkcs11 with SoftHSM', () => {
    it('makes its first key for an empty installation only', async () => {
      const later = await openToken({}, { key: 'never made' })
      await expect(later.wrap({ context, key })).rejects.toThrow('holds no key "never made"')
      await expect(later.health()).rejects.toThrow('holds no key "never made"')
      expect(await later.list()).toEqual([])
    })

    it('calls what another token of the same names wrapped broken', async () => {
      const record = await (await openFirst({ key: 'twin' })).wrap({ context, key })
      fs.renameSync(path.join(directory, 'tokens'), path.join(directory, 'away'))
      fs.mkdirSync(path.join(directory, 'tokens'))
      createToken('sceau')
      const twin = await openFirst({ key: 'twin' })
      await expect(twin.unwrap({ context, record })).rejects.toThrow(SealBrokenError)
      fs.rmSync(path.join(directory, 'tokens'), { recursive: true })
      fs.renameSync(path.join(directory, 'away'), path.join(directory, 'tokens'))
    })

    it('refuses a wrong PIN at the start, and tries it once', async () => {
      const wrongFile = path.join(directory, 'wrong-pin')
      fs.writeFileSync(wrongFile, '0000')
      const provider = await openFirst()
      await provider.health()
      for (let attempt = 0; attempt < 2; attempt++) {
        const opening = openToken({}, { pinFile: wrongFile })
        await expect(opening).rejects.toThrow(/refuses the PIN in \S+wrong-pin \(CKR_PIN_INCORRECT/)
      }
      await expect(openToken({}, { pinFile: path.join(directory, 'none') })).rejects.toThrow(StartupError)
    })

    it('is out of reach while its token is away, and well once it is back', async () => {
      const absent = await openToken({}, { token: 'late' })
      await expectOutOfReach(absent, { token: 'late', message: 'There is no token "late".' })
      createToken('late')
      await expect(absent.list()).resolves.toEqual([])
      const founding = openToken({ isInstallationEmpty: true }, { token: 'absent' })
      await expect(founding).rejects.toThrow(StartupError)
    })

    it('gives up on a token that does not answer, and does not blame the record', async () => {
      await expectOutOfReach(await openToken({ timeoutMs: 0 }), {
        token: 'sceau',
        message: /did not answer within 0 ms|gone/,
      })
    })

    it('serves many at once', async () => {
      const provider = await openFirst()
      const records = await Promise.all(Array.from({ length: 30 }, () => provider.wrap({ context, key })))
      for (const record of records) expect((await provider.unwrap({ context, record })).equals(key)).toBe(true)
    })
  })
}

async function expectOutOfReach(
  provider: RootProvider,
  { token, message }: { token: string; message: string | RegExp },
): Promise<void> {
  const id = Buffer.from(nameRootKey('pkcs11', token, place.key).replaceAll('-', ''), 'hex')
  const record = Buffer.concat([Buffer.from([1]), id, Buffer.from([0, 0, 0, 1]), Buffer.alloc(72)])
  const context = Buffer.from('a context')
  for (const call of [
    () => provider.wrap({ context, key: Buffer.alloc(32) }),
    () => provider.unwrap({ context, record }),
    () => provider.health(),
  ]) {
    const error = await call().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
    expect(error).not.toBeInstanceOf(SealBrokenError)
    expect((error as Error).message).toMatch(message)
  }
}
