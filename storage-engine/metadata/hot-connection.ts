import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { StorageError } from '#storage-engine/errors.ts'
import { isConnectionError, isRolledBack, toStorageError } from '#storage-engine/metadata/postgres-errors.ts'

/** How long a caller waits for Postgres to come back before it hears ServiceUnavailable. */
export const RECONNECT_MS_MAX = 5_000
const RECONNECT_PAUSE_MS = 50
const REPEATS_MAX = 3

/** Plans are made once, often while a table is still empty: they must never become scans of a table that grew since. */
const SESSION_SETTINGS =
  'set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_bitmapscan = off; set jit = off'

export interface Statement {
  /** Prepared once a connection under this name. */
  name: string
  text: string
  values: unknown[]
}

/** Rows as Postgres prints them. */
export type TextRow = (string | null)[]

/** Parses nothing: each batcher knows its columns. */
export const AS_TEXT = { getTypeParser: () => (value: string) => value } as pg.CustomTypesConfig

/** One pipelined connection for the batchers; it reconnects by itself when Postgres comes back. */
export class HotConnection {
  readonly #config: pg.ClientConfig
  #client: pg.Client | null = null
  #connecting: Promise<pg.Client> | null = null
  #isClosed = false

  constructor(config: pg.ClientConfig) {
    this.#config = config
  }

  /**
   * Runs one statement. When the connection is lost meanwhile, `isRepeatable` statements (reads) run once more, others
   * reject with ServiceUnavailable, since nobody knows whether they took effect. A statement that Postgres rolled back to
   * settle a deadlock is always repeated, up to three times.
   */
  async query({ name, text, values }: Statement, { isRepeatable }: { isRepeatable: boolean }): Promise<TextRow[]> {
    for (let attempt = 1; ; attempt++) {
      const client = this.#client ?? (await this.#connect())
      try {
        const result = await client.query({ name, text, values, rowMode: 'array', types: AS_TEXT })
        return result.rows as TextRow[]
      } catch (error) {
        const isLost = isConnectionError(error)
        if (isLost) this.#drop(client)
        const isSafe = isLost ? isRepeatable : isRolledBack(error)
        if (!isSafe || attempt === REPEATS_MAX) throw toStorageError(error)
      }
    }
  }

  /** Waits for nothing: the batchers are drained before. */
  async close(): Promise<void> {
    this.#isClosed = true
    const client = this.#client ?? (await this.#connecting?.catch(() => null))
    this.#client = null
    await client?.end()
  }

  #connect(): Promise<pg.Client> {
    this.#connecting ??= this.#reconnect().finally(() => {
      this.#connecting = null
    })
    return this.#connecting
  }

  async #reconnect(): Promise<pg.Client> {
    const giveUpAt = performance.now() + RECONNECT_MS_MAX
    for (let pauseMs = RECONNECT_PAUSE_MS; ; pauseMs *= 2) {
      if (this.#isClosed) throw new StorageError('ServiceUnavailable')
      try {
        return await this.#open()
      } catch (error) {
        if (!isConnectionError(error) || performance.now() + pauseMs > giveUpAt) throw toStorageError(error)
      }
      await sleep(pauseMs)
    }
  }

  async #open(): Promise<pg.Client> {
    const client = new pg.Client({ ...this.#config, pipeline: true } as pg.ClientConfig)
    client.on('error', () => this.#drop(client))
    await client.connect()
    await client.query(SESSION_SETTINGS)
    this.#client = client
    return client
  }

  /** Its queries have all been rejected by the driver; the next one opens another. */
  #drop(client: pg.Client): void {
    if (this.#client === client) this.#client = null
  }
}
