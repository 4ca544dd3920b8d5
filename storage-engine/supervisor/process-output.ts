import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'

export type OutputStream = 'stdout' | 'stderr'
/** Takes what a process wrote, line by line. */
export type WriteLine = (line: string, from: OutputStream) => void

/** Reads what a process prints until it ends. */
export function forwardOutput(child: ChildProcess, writeLine: WriteLine): void {
  for (const from of ['stdout', 'stderr'] as const) {
    const output = child[from]
    if (output !== null) createInterface({ input: output }).on('line', (line) => writeLine(line, from))
  }
}
