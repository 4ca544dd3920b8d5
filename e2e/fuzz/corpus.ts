import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('./corpus', import.meta.url))

/** Inputs that broke the target once, by name of file: each run starts with them. */
export function readCorpus(target: string): Buffer[] {
  const names = readdirSync(FOLDER).filter((name) => name.startsWith(`${target}.`))
  return names.sort().map((name) => readFileSync(join(FOLDER, name)))
}

/** Keeps an input for good; returns its file. */
export function addToCorpus(target: string, input: Buffer): string {
  const hash = createHash('sha256').update(input).digest('hex').slice(0, 16)
  const file = join(FOLDER, `${target}.${hash}.bin`)
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(file, input)
  return file
}
