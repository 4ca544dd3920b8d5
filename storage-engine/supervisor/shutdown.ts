import { StartupError } from '#storage-engine/errors.ts'

type Step = () => void | Promise<void>

/** What must be undone, last started first ended. */
export class Shutdown {
  readonly #steps: Step[] = []
  #run: Promise<void> | null = null

  /** Remembers how to end what was just started. Throws StartupError, having ended it, when the end has begun already. */
  async add(step: Step): Promise<void> {
    if (this.#run === null) {
      this.#steps.push(step)
      return
    }
    await step()
    throw new StartupError('Stopped while it was starting.')
  }

  /** Ends everything in order, once however often it is called. A step that fails does not keep the others from it. */
  run(): Promise<void> {
    this.#run ??= this.#runSteps()
    return this.#run
  }

  async #runSteps(): Promise<void> {
    const errors: unknown[] = []
    for (const step of this.#steps.reverse()) {
      try {
        await step()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0)
      throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'not everything could be stopped')
  }
}
