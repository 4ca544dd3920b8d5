import { StorageError } from '#storage-engine/errors.ts'

/** Runs a group; answers in the order of its items. */
export type Lane<Item, Answer> = (items: Item[]) => Promise<Answer[]>

export interface BatcherOptions<Item, Answer> {
  /** How many groups may be under way at once, and what runs each. */
  lanes: Lane<Item, Answer>[]
  rowsMax: number
  /** Items waiting beyond this are refused with SlowDown. */
  waitingMax: number
  /** Two items of one key never share a group: the later one waits for the next. */
  keyOf?: (item: Item) => string
}

interface Entry<Item, Answer> {
  item: Item
  resolve: (answer: Answer) => void
  reject: (error: unknown) => void
}

/**
 * Turns single requests into groups without any timer: what arrives while the lanes are busy forms the next group, so
 * groups grow with the load and a lone request waits for nothing.
 */
export class Batcher<Item, Answer> {
  readonly #options: BatcherOptions<Item, Answer>
  readonly #freeLanes: Lane<Item, Answer>[]
  #waiting: Entry<Item, Answer>[] = []
  #isScheduled = false

  constructor(options: BatcherOptions<Item, Answer>) {
    this.#options = options
    this.#freeLanes = [...options.lanes]
  }

  submit(item: Item): Promise<Answer> {
    if (this.#waiting.length >= this.#options.waitingMax) return Promise.reject(new StorageError('SlowDown'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      this.#schedule()
    })
  }

  /** After this turn of the event loop, so that requests that were read together go together. */
  #schedule(): void {
    if (this.#isScheduled || this.#freeLanes.length === 0) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    const lane = this.#freeLanes.pop()
    if (!lane) return
    const group = this.#takeGroup()
    if (group.length === 0) {
      this.#freeLanes.push(lane)
      return
    }
    void this.#run(lane, group).finally(() => {
      this.#freeLanes.push(lane)
      if (this.#waiting.length > 0) this.#flush()
    })
    if (this.#waiting.length > 0) this.#schedule()
  }

  #takeGroup(): Entry<Item, Answer>[] {
    const { rowsMax, keyOf } = this.#options
    if (!keyOf) return this.#waiting.splice(0, rowsMax)
    const group: Entry<Item, Answer>[] = []
    const left: Entry<Item, Answer>[] = []
    const keys = new Set<string>()
    for (const entry of this.#waiting) {
      const key = keyOf(entry.item)
      if (group.length >= rowsMax || keys.has(key)) {
        left.push(entry)
      } else {
        keys.add(key)
        group.push(entry)
      }
    }
    this.#waiting = left
    return group
  }

  async #run(lane: Lane<Item, Answer>, group: Entry<Item, Answer>[]): Promise<void> {
    try {
      const answers = await lane(group.map((entry) => entry.item))
      group.forEach((entry, index) => {
        entry.resolve(answers[index] as Answer)
      })
    } catch (error) {
      // One row that Postgres refuses must not fail its neighbours; when Postgres is away, repeating could write twice.
      const isRowsFault = group.length > 1 && !isUnavailable(error)
      if (isRowsFault) for (const entry of group) await this.#run(lane, [entry])
      else for (const entry of group) entry.reject(error)
    }
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof StorageError && error.status >= 500
}
