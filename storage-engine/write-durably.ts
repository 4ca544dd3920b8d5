import { open, rename, rm } from 'node:fs/promises'
import path from 'node:path'

/**
 * Replaces `file` by `content` as one step that survives a power cut: temporary file beside it, flush, rename, flush of
 * the directory. A failure leaves the old content.
 */
export async function writeDurably(
  file: string,
  content: string | Uint8Array,
  { mode }: { mode: number },
): Promise<void> {
  const temporary = `${file}.${process.pid}.partial`
  try {
    await writeAndFlush(temporary, content, mode)
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await flushDirectory(path.dirname(file))
}

async function writeAndFlush(file: string, content: string | Uint8Array, mode: number): Promise<void> {
  const handle = await open(file, 'w', mode)
  try {
    await handle.chmod(mode)
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
