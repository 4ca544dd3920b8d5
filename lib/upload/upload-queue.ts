import { ApiRequestError } from '#lib/fetch-json.ts'
import { PREFLIGHT_NAMES_MAX, type Preflight } from '#lib/schemas/objects.ts'
import { numberAfter } from '#lib/upload/object-key.ts'
import { withRetries } from '#lib/upload/retry.ts'
import { abandonUpload, type SendTools, sendFile } from '#lib/upload/send-file.ts'
import { refusalOf, uploadFailureOf } from '#lib/upload/upload-failure.ts'
import { type ConflictChoice, isEnded, isRunning, type UploadItem } from '#lib/upload/upload-item.ts'

export const FILES_AT_ONCE = 4

export interface BucketAddress {
  namespace: string
  bucket: string
}

export interface QueueTools extends SendTools {
  /** Of `names`, those that exist already. Throws ApiRequestError. */
  preflight: (bucket: BucketAddress, names: { key: string; size: number }[]) => Promise<Preflight>
  /** Called when anything changed; the queue does not limit how often. */
  onChange: () => void
}

/** Raised in a running upload by pause, cancel and going offline: it stops, and whoever raised it says what it is now. */
class Interruption extends Error {}

/** The state of every upload of this tab, and the only thing that moves it. */
export class UploadQueue {
  readonly #tools: QueueTools
  readonly #items = new Map<number, UploadItem>()
  readonly #running = new Map<number, AbortController>()
  readonly #batchChoices = new Map<number, ConflictChoice>()
  #lastId = 0
  #lastBatch = 0
  #online = true

  constructor(tools: QueueTools) {
    this.#tools = tools
  }

  get items(): readonly UploadItem[] {
    return [...this.#items.values()]
  }

  /** While offline nothing is sent and nothing fails. */
  get online(): boolean {
    return this.#online
  }

  newBatch(): number {
    return ++this.#lastBatch
  }

  /** Takes files in; those of one batch share the answer to "apply to all". */
  add(target: BucketAddress, batch: number, files: readonly { key: string; file: File }[]): void {
    const added = files.map(({ key, file }) => {
      const id = ++this.#lastId
      const failure = refusalOf(key, file)
      const state = failure === null ? 'checking' : 'failed'
      const blank = { sentBytes: 0, existing: null, choice: null, multipart: null }
      this.#items.set(id, { id, batch, ...target, key, file, state, failure, ...blank })
      return id
    })
    this.#tools.onChange()
    void this.#check(added.filter((id) => this.#items.get(id)?.state === 'checking'))
  }

  /** Answers a conflict: for one file, or for every waiting and coming conflict of its batch. */
  resolve(id: number, choice: ConflictChoice, applyToBatch: boolean): void {
    const item = this.#items.get(id)
    if (item === undefined) return
    if (applyToBatch) this.#batchChoices.set(item.batch, choice)
    const concerned = applyToBatch ? this.items.filter(({ batch }) => batch === item.batch) : [item]
    for (const each of concerned) this.#applyChoice(each.id, choice)
    this.#pump()
  }

  pause(ids: readonly number[]): void {
    for (const item of this.#pick(ids)) {
      // An upload that is being put together cannot stop half-way.
      if (item.state !== 'queued' && item.state !== 'uploading') continue
      this.#change(item.id, { state: 'paused' })
      this.#interrupt(item.id)
    }
  }

  resume(ids: readonly number[]): void {
    for (const item of this.#pick(ids)) if (item.state === 'paused') this.#change(item.id, { state: 'queued' })
    this.#pump()
  }

  /** Sends again what failed. What has begun goes on; what never began may have met a new object of the same name. */
  retry(ids: readonly number[]): void {
    const failed = this.#pick(ids).filter((item) => item.state === 'failed' && refusalOf(item.key, item.file) === null)
    const begun = failed.filter((item) => item.multipart !== null)
    for (const { id } of begun) this.#change(id, { state: 'queued', failure: null })
    void this.#check(failed.filter((item) => item.multipart === null).map(({ id }) => id))
    this.#pump()
  }

  cancel(ids: readonly number[]): void {
    for (const item of this.#pick(ids)) {
      if (isEnded(item) && item.state !== 'failed') continue
      this.#change(item.id, { state: 'cancelled', multipart: null })
      this.#interrupt(item.id)
      void this.#abandon(item)
    }
    this.#pump()
  }

  /** Forgets the files that have come to an end. */
  forgetEnded(): void {
    for (const item of this.items) if (isEnded(item)) this.#items.delete(item.id)
    this.#tools.onChange()
  }

  setOnline(online: boolean): void {
    this.#online = online
    for (const item of online ? [] : this.items.filter(isRunning)) {
      this.#change(item.id, { state: 'queued' })
      this.#interrupt(item.id)
    }
    this.#tools.onChange()
    this.#pump()
  }

  /** Starts what waits, at most four files at once; their parts share four lanes as well. */
  #pump(): void {
    if (!this.#online) return
    for (const item of this.#items.values()) {
      if (this.#running.size >= FILES_AT_ONCE) return
      if (item.state === 'queued' && !this.#running.has(item.id)) void this.#upload(item)
    }
  }

  async #upload(item: UploadItem): Promise<void> {
    const { id } = item
    const controller = new AbortController()
    this.#running.set(id, controller)
    this.#change(id, { state: 'uploading', failure: null })
    const events = {
      onProgress: (sentBytes: number) => this.#change(id, { sentBytes }),
      onMultipart: (multipart: UploadItem['multipart']) => this.#change(id, { multipart }),
      onCompleting: () => this.#change(id, { state: 'completing' }),
    }
    try {
      await sendFile(this.#tools, { ...item, mayReplace: item.choice === 'replace' }, events, controller.signal)
      this.#change(id, { state: 'done', sentBytes: item.file.size, multipart: null })
    } catch (error) {
      if (!controller.signal.aborted) this.#settleFailure(id, error)
    } finally {
      this.#running.delete(id)
      this.#pump()
    }
  }

  #settleFailure(id: number, error: unknown): void {
    const failure = uploadFailureOf(error)
    // The name was taken between the check and now: ask again instead of failing.
    if (failure.code === 'PreconditionFailed') void this.#check([id])
    // An upload that the server no longer knows has to begin anew.
    else if (failure.code === 'NoSuchUpload')
      this.#change(id, { state: 'failed', failure, multipart: null, sentBytes: 0 })
    else this.#change(id, { state: 'failed', failure })
  }

  /** Asks which names exist. A file whose name is free is queued; the others wait for an answer, or take the one given. */
  async #check(ids: readonly number[]): Promise<void> {
    for (const id of ids) this.#change(id, { state: 'checking', failure: null })
    for (let start = 0; start < ids.length; start += PREFLIGHT_NAMES_MAX) {
      const page = this.#pick(ids.slice(start, start + PREFLIGHT_NAMES_MAX)).filter((item) => item.state === 'checking')
      if (page.length > 0) await this.#checkPage(page)
    }
  }

  async #checkPage(page: readonly UploadItem[]): Promise<void> {
    const [first] = page
    if (first === undefined) return
    const names = page.map(({ key, file }) => ({ key, size: file.size }))
    try {
      const never = new AbortController().signal
      const { existing } = await withRetries(this.#tools, never, () => this.#tools.preflight(first, names))
      const byKey = new Map(existing.map((object) => [object.key, object]))
      for (const { id } of page) this.#settleCheck(id, byKey)
    } catch (error) {
      for (const { id, state } of this.#pick(page.map((item) => item.id))) {
        if (state === 'checking') this.#change(id, { state: 'failed', failure: uploadFailureOf(error) })
      }
    }
    this.#pump()
  }

  #settleCheck(id: number, existing: ReadonlyMap<string, Preflight['existing'][number]>): void {
    const item = this.#items.get(id)
    if (item === undefined || item.state !== 'checking') return
    const taken = existing.get(item.key)
    if (taken === undefined) {
      this.#change(id, { state: 'queued', existing: null })
      return
    }
    this.#change(id, { state: 'conflict', existing: { size: taken.size, lastModified: taken.lastModified } })
    const choice = item.choice ?? this.#batchChoices.get(item.batch)
    if (choice !== undefined) this.#applyChoice(id, choice)
  }

  #applyChoice(id: number, choice: ConflictChoice): void {
    const item = this.#items.get(id)
    if (item === undefined || item.state !== 'conflict') return
    if (choice === 'skip') {
      this.#change(id, { state: 'skipped', choice, multipart: null })
      void this.#abandon(item)
    } else if (choice === 'replace') {
      this.#change(id, { state: 'queued', choice })
    } else {
      // A numbered name may be taken too: the check comes back here with the next number. Parts belong to the old name.
      this.#change(id, { key: numberAfter(item.key), choice, multipart: null, sentBytes: 0 })
      void this.#abandon(item)
      void this.#check([id])
    }
  }

  /** Frees the parts of an unfinished upload. Should it fail, the server does so itself once the upload is stale. */
  async #abandon(item: UploadItem): Promise<void> {
    try {
      await abandonUpload(this.#tools, { ...item, mayReplace: false }, new AbortController().signal)
    } catch (error) {
      if (!(error instanceof ApiRequestError)) throw error
    }
  }

  #interrupt(id: number): void {
    this.#running.get(id)?.abort(new Interruption())
  }

  #change(id: number, patch: Partial<UploadItem>): void {
    const item = this.#items.get(id)
    if (item === undefined) return
    this.#items.set(id, { ...item, ...patch })
    this.#tools.onChange()
  }

  #pick(ids: readonly number[]): UploadItem[] {
    return ids.flatMap((id) => this.#items.get(id) ?? [])
  }
}
