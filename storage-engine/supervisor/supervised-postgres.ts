import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '#storage-engine/log.ts'
import type { Postgres, PostgresConnection } from '#storage-engine/postgres.ts'
import { startPostgres } from '#storage-engine/postgres.ts'
import { createRestartDelay } from '#storage-engine/supervisor/restart-delay.ts'

export interface SupervisedPostgresInput {
  directory: string
  connectionsMax: number
  /** Called at every start and restart with the postmaster's process id. */
  onStarted: (pid: number) => void
  log: Logger
}

/** Keeps a Postgres alive: the connection stays the same over restarts, so its clients find it again by themselves. */
export class SupervisedPostgres {
  readonly #input: SupervisedPostgresInput
  readonly #delay = createRestartDelay()
  #server: Postgres
  #isStopping = false
  #isUp = true
  #watch: Promise<void>

  private constructor(input: SupervisedPostgresInput, server: Postgres) {
    this.#input = input
    this.#server = server
    this.#watch = this.#keepUp()
  }

  /** Throws StartupError when the first start fails. */
  static async start(input: SupervisedPostgresInput): Promise<SupervisedPostgres> {
    const server = await startPostgres(input)
    input.onStarted(server.pid)
    return new SupervisedPostgres(input, server)
  }

  get connection(): PostgresConnection {
    return this.#server.connection
  }

  get pid(): number {
    return this.#server.pid
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** Fast shutdown; resolves when everything is on disk. */
  async stop(): Promise<void> {
    this.#isStopping = true
    if (this.#isUp) await this.#server.stop()
    await this.#watch
  }

  async #keepUp(): Promise<void> {
    for (;;) {
      const { reason } = await this.#server.exited
      this.#isUp = false
      if (this.#isStopping) return
      this.#input.log.warn({ reason }, 'Postgres ended and is started again')
      await this.#restart()
      if (this.#isStopping) return
    }
  }

  async #restart(): Promise<void> {
    while (!this.#isStopping) {
      await sleep(this.#delay.next())
      try {
        this.#server = await startPostgres(this.#input)
        this.#isUp = true
        this.#input.onStarted(this.#server.pid)
        // Stopped while it came up: whoever stops waits for this loop and knows nothing of the new server.
        if (this.#isStopping) await this.#server.stop()
        return
      } catch (err) {
        this.#input.log.error({ err }, 'Postgres could not be started again; the next attempt follows')
      }
    }
  }
}
