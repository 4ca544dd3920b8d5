const GATHER_BYTES_MAX = 24 * 1_048_576

/**
 * How much all writers of a process gather before it goes to disk. Plenty: big writes. Little left: every writer writes
 * page by page, so that a thousand uploads at once keep a page each.
 */
export interface GatherBudget {
  take(bytes: number): void
  release(bytes: number): void
  isExhausted(): boolean
}

export function createGatherBudget(): GatherBudget {
  let gathered = 0
  return {
    take: (bytes) => {
      gathered += bytes
    },
    release: (bytes) => {
      gathered -= bytes
    },
    isExhausted: () => gathered >= GATHER_BYTES_MAX,
  }
}
