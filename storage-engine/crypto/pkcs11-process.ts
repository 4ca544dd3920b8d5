import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import type { Pkcs11Place } from '#storage-engine/crypto/pkcs11-token.ts'
import { StartupError } from '#storage-engine/errors.ts'

const TIMEOUT_MS = 5_000
/** Until the process runs and has opened its session, which takes longer. */
const START_TIMEOUT_MS = 20_000
/** A token works on one after the other; more than these would wait in vain. */
const WAITING_MAX = 64

/** What the process is asked (pkcs11-worker.ts), and what it answers. */
export type Pkcs11Act =
  | { name: 'list' }
  | { name: 'hmac'; version: number; message: Uint8Array }
  | { name: 'create'; version: number }
  | { name: 'destroy'; version: number }

export type Pkcs11Value = number[] | Uint8Array | null

export type Pkcs11Answer = { id: number; value: Pkcs11Value } | { id: number; failure: string; isSetup: boolean }

interface Waiting {
  resolve(value: Pkcs11Value): void
  reject(error: Error): void
}

export interface Pkcs11ProcessInput {
  place: Pkcs11Place
  /** The program of the process: pkcs11-worker.ts, or its bundle. */
  workerFile: string
  timeoutMs?: number
}

export interface Pkcs11Process {
  /** Rejects after 5 s (20 s for the first answer), and with StartupError when only the operator can help. */
  ask(act: Pkcs11Act): Promise<Pkcs11Value>
  stop(): void
}

/**
 * Asks the token from a process of its own: a vendor's library blocks whoever calls it, keeps its state once a process, and
 * may crash or hang. One that does not answer in time is killed, and the next call starts another.
 */
export function createPkcs11Process({ place, workerFile, timeoutMs }: Pkcs11ProcessInput): Pkcs11Process {
  const waiting = new Map<number, Waiting>()
  let child: ChildProcess | null = null
  let hasAnswered = false
  let lastId = 0

  function start(): ChildProcess {
    // The sources need their loader there, too.
    const execArgv = extname(workerFile) === '.ts' ? ['--import', 'tsx'] : []
    const started = fork(workerFile, [JSON.stringify(place)], {
      execArgv,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    // Nobody stays alive for it; whoever waits for an answer has a timer.
    started.unref()
    started.channel?.unref()
    started.on('message', (answer: Pkcs11Answer) => {
      hasAnswered = true
      const asker = waiting.get(answer.id)
      if ('value' in answer) asker?.resolve(answer.value)
      else asker?.reject(answer.isSetup ? new StartupError(answer.failure) : new Error(answer.failure))
    })
    started.on('error', (cause) => giveUp(started, new Error('The process of the PKCS#11 token failed.', { cause })))
    started.on('exit', () => giveUp(started, new Error('The process of the PKCS#11 token ended.')))
    return started
  }

  /** Of one that was given up before, nobody waits any more. */
  function giveUp(failed: ChildProcess, error: Error): void {
    if (child !== failed) return
    child = null
    hasAnswered = false
    failed.kill('SIGKILL')
    for (const { reject } of waiting.values()) reject(error)
  }

  return {
    ask(act) {
      if (waiting.size >= WAITING_MAX) return Promise.reject(new Error('Too many wait for the PKCS#11 token.'))
      const id = ++lastId
      child ??= start()
      const asked = child
      const limitMs = timeoutMs ?? (hasAnswered ? TIMEOUT_MS : START_TIMEOUT_MS)
      return new Promise((resolve, reject) => {
        const tooLate = () => giveUp(asked, new Error(`The token did not answer within ${limitMs} ms.`))
        const timer = setTimeout(tooLate, limitMs)
        const settle = () => {
          clearTimeout(timer)
          waiting.delete(id)
        }
        waiting.set(id, {
          resolve(value) {
            settle()
            resolve(value)
          },
          reject(error) {
            settle()
            reject(error)
          },
        })
        asked.send({ id, act }, (cause) => {
          if (cause !== null) giveUp(asked, new Error('The process of the PKCS#11 token is gone.', { cause }))
        })
      })
    },
    stop() {
      if (child !== null) giveUp(child, new Error('The process of the PKCS#11 token was stopped.'))
    },
  }
}
