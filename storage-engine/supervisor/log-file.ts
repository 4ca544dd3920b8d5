import fs from 'node:fs'
import path from 'node:path'

const NAME = 'sceau.log'

export interface LogFile {
  file: string
  /** Appends one line; the newline is added. */
  write: (line: string) => void
  close: () => void
}

export interface LogFileInput {
  directory: string
  /** A file that would grow beyond it becomes sceau.1.log, the oldest goes. */
  sizeBytesMax?: number
  /** Files in all. */
  countMax?: number
}

/** One writer for the lines of every process, so that files can be rotated without a signal to anybody. */
export function openLogFile({ directory, sizeBytesMax = 32 * 1024 ** 2, countMax = 5 }: LogFileInput): LogFile {
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
  const file = path.join(directory, NAME)
  let handle = fs.openSync(file, 'a', 0o600)
  let size = fs.fstatSync(handle).size
  let lostLines = 0

  function rotate(): void {
    fs.closeSync(handle)
    for (let index = countMax - 1; index > 0; index--) {
      const older = index === 1 ? file : numbered(file, index - 1)
      if (fs.existsSync(older)) fs.renameSync(older, numbered(file, index))
    }
    handle = fs.openSync(file, 'a', 0o600)
    size = 0
  }

  function append(text: string): void {
    const bytes = Buffer.from(text)
    if (size > 0 && size + bytes.length > sizeBytesMax) rotate()
    size += fs.writeSync(handle, bytes)
  }

  return {
    file,
    write(line) {
      try {
        if (lostLines > 0) append(`{"level":"error","msg":"${lostLines} log lines were lost: the disk was full"}\n`)
        lostLines = 0
        append(`${line}\n`)
      } catch (error) {
        // A full disk must not end the service; the loss is told once there is room again.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        lostLines++
      }
    },
    close: () => fs.closeSync(handle),
  }
}

function numbered(file: string, index: number): string {
  return file.replace(/\.log$/, `.${index}.log`)
}
