import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Command } from '#e2e/clients/client.ts'

const TIMEOUT_MS = 15 * 60_000
const KEPT_OUTPUT_BYTES = 4 << 20

/** Runs to the end and returns what was printed. Rejects, with the tail of it, when the exit code is not 0. */
export async function runCommand(command: Command): Promise<string> {
  const [program = '', ...words] = command.argv
  const child = spawn(program, words, {
    env: { ...cleanEnvironment(), ...command.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  })
  let output = ''
  let errors = ''
  const keep = (text: string, chunk: Buffer) => (text + chunk.toString()).slice(-KEPT_OUTPUT_BYTES)
  child.stderr.on('data', (chunk: Buffer) => {
    errors = keep(errors, chunk)
  })
  const exited = new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(code === 0 ? null : `exit ${code ?? signal}`))
  })
  if (command.outputFile === undefined) {
    child.stdout.on('data', (chunk: Buffer) => {
      output = keep(output, chunk)
    })
  } else {
    await pipeline(child.stdout, createWriteStream(command.outputFile))
  }
  const failure = await exited
  if (failure !== null)
    throw new Error(`${command.argv.join(' ')}\n${failure}: ${(output + errors).trim().slice(-1500)}`)
  return output
}

/** The caller's environment without settings of their own S3 clients. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const names = Object.keys(process.env).filter((name) => !/^(AWS|RCLONE|RESTIC|NODE)_/.test(name))
  return Object.fromEntries(names.map((name) => [name, process.env[name]])) as NodeJS.ProcessEnv
}
