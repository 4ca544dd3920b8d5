import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { StartupError } from '#storage-engine/errors.ts'
import type { Logger } from '#storage-engine/log.ts'
import type { PartMessage, PartReport, Role, SupervisorMessage } from '#storage-engine/supervisor/part-messages.ts'
import type { WriteLine } from '#storage-engine/supervisor/process-output.ts'
import { forwardOutput } from '#storage-engine/supervisor/process-output.ts'
import { createRestartDelay } from '#storage-engine/supervisor/restart-delay.ts'

/** A little more than a part takes to give up by itself. */
const STOP_TIMEOUT_MS = 28_000
const REPORT_TIMEOUT_MS = 3_000

export interface SupervisedPartInput {
  role: Role
  /** Starts the process: its output piped, with an IPC channel. */
  spawn: () => ChildProcess
  writeLine: WriteLine
  /** Called at every start and restart. */
  onStarted: (started: { role: Role; pid: number }) => void
  log: Logger
}

/** Keeps one process of a role alive from `start` to `stop`: whoever ends it, another takes its place. */
export class SupervisedPart {
  readonly role: Role
  readonly #input: SupervisedPartInput
  readonly #delay = createRestartDelay()
  readonly #reports = new Map<number, (report: PartReport) => void>()
  #child: ChildProcess | null = null
  #isStopping = false
  #isReady = false
  #restart: NodeJS.Timeout | null = null
  #lastReport = 0

  constructor(input: SupervisedPartInput) {
    this.role = input.role
    this.#input = input
  }

  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  /** Resolves when the first process is ready. Throws StartupError when it ends before that. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => this.#launch({ resolve, reject }))
  }

  /** Asks the process to finish its work and end; kills it when it takes too long. */
  async stop(): Promise<void> {
    this.#isStopping = true
    if (this.#restart !== null) clearTimeout(this.#restart)
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    const deadline = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    // Before it is ready it holds nothing that must be finished.
    if (this.#isReady) send(child, { type: 'stop' })
    else child.kill('SIGTERM')
    await exited
    clearTimeout(deadline)
  }

  /** How the process is; null when it is not there or does not answer in time. */
  ask(): Promise<PartReport | null> {
    const child = this.#child
    if (child === null || !child.connected) return Promise.resolve(null)
    const id = ++this.#lastReport
    return new Promise((resolve) => {
      const settle = (report: PartReport | null): void => {
        clearTimeout(timer)
        this.#reports.delete(id)
        resolve(report)
      }
      const timer = setTimeout(() => settle(null), REPORT_TIMEOUT_MS)
      this.#reports.set(id, settle)
      send(child, { type: 'report', id })
    })
  }

  #launch(first: FirstStart | null): void {
    const { role, spawn, writeLine, onStarted, log } = this.#input
    const child = spawn()
    let complaint: string | null = null
    this.#child = child
    this.#isReady = false
    if (child.pid !== undefined) onStarted({ role, pid: child.pid })
    forwardOutput(child, writeLine)
    child.on('message', (message: PartMessage) => {
      if (message.type === 'report') this.#reports.get(message.id)?.(message.report)
      if (message.type === 'failed') complaint = message.message
      if (message.type === 'ready') {
        this.#isReady = true
        first?.resolve()
      }
    })
    // A message to a process that has just died: its exit tells all there is to tell.
    child.on('error', (err) => log.debug({ err, role }, 'a message could not be delivered'))
    child.once('exit', (code, signal) => {
      if (this.#isStopping) first?.reject(new StartupError(`The ${role} process was stopped while it started.`))
      else if (first !== null && !this.#isReady) first.reject(new StartupError(complaint ?? describeFailure(role)))
      else this.#relaunch(complaint ?? signal ?? `exit code ${code}`)
    })
  }

  #relaunch(reason: string): void {
    const delayMs = this.#delay.next()
    this.#input.log.warn({ of: this.role, reason, delayMs }, 'a process ended and is started again')
    this.#restart = setTimeout(() => this.#launch(null), delayMs)
  }
}

interface FirstStart {
  resolve: () => void
  reject: (error: StartupError) => void
}

function describeFailure(role: Role): string {
  return `The ${role} process ended before it was ready: its last log lines tell why.`
}

function send(child: ChildProcess, message: SupervisorMessage): void {
  // Without a channel the process is ending already.
  if (child.connected) child.send(message)
}
