import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Writes a file of secrets that its owner alone may read: temporary file beside it → fsync → `place`, which puts it in its
 * place → fsync of the directory. After a failure the temporary file is gone.
 */
export async function placeSecretFile(
  path: string,
  content: string | Buffer,
  place: (temporary: string) => Promise<void> = (temporary) => rename(temporary, path),
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}`)
  try {
    const file = await open(temporary, 'wx', 0o400)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await place(temporary)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}

/** Makes a directory that its owner alone may read, and what is missing above it: durable, names included, when it resolves. */
export async function makeSecretDirectory(path: string): Promise<void> {
  const topmost = await mkdir(path, { recursive: true, mode: 0o700 })
  if (topmost === undefined) return
  for (let made = path; ; made = dirname(made)) {
    await syncDirectory(dirname(made))
    if (made === topmost) return
  }
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
