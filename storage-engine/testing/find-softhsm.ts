import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const PACKAGES = ['libsofthsm2', 'softhsm2']
const CACHE = path.resolve('.cache/softhsm')
const MODULE = 'usr/lib/softhsm/libsofthsm2.so'
const TOOL = 'usr/bin/softhsm2-util'
const DOWNLOAD_TIMEOUT_MS = 120_000

export interface SoftHsm {
  /** Path of the PKCS#11 module. */
  module: string
  /** Path of the command that makes tokens. */
  tool: string
}

/** SoftHSM of the system, or out of Debian's packages, unpacked into .cache without installing. Else says why not. */
export async function findSoftHsm(): Promise<SoftHsm | { missing: string }> {
  const found = ['/', CACHE].find((root) => [MODULE, TOOL].every((file) => fs.existsSync(path.join(root, file))))
  if (found !== undefined) return { module: path.join(found, MODULE), tool: path.join(found, TOOL) }
  try {
    await unpack(CACHE)
    return { module: path.join(CACHE, MODULE), tool: path.join(CACHE, TOOL) }
  } catch (error) {
    return { missing: `SoftHSM is not to be had (${(error as Error).message.split('\n')[0]})` }
  }
}

/** Made beside its place and moved there, as other test processes may look. */
async function unpack(directory: string): Promise<void> {
  fs.mkdirSync(path.dirname(directory), { recursive: true })
  const partial = fs.mkdtempSync(`${directory}.`)
  try {
    await run('apt-get', ['download', ...PACKAGES], { cwd: partial, timeout: DOWNLOAD_TIMEOUT_MS })
    for (const archive of fs.readdirSync(partial).filter((name) => name.endsWith('.deb'))) {
      await run('dpkg', ['-x', archive, partial], { cwd: partial })
    }
    fs.renameSync(partial, directory)
  } finally {
    fs.rmSync(partial, { recursive: true, force: true })
  }
}
