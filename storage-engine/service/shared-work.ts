/** Work that takes long and changes nothing: whoever asks for it while it is under way gets what comes of that. */
export class SharedWork<Result> {
  private readonly running = new Map<string, Promise<Result>>()

  /** `key` says what is asked for. Rejects as `work` does. */
  run(key: string, work: () => Promise<Result>): Promise<Result> {
    const running = this.running.get(key) ?? work().finally(() => this.running.delete(key))
    this.running.set(key, running)
    return running
  }
}
