import type { NodeStatus } from '#storage-engine/blobs/blob-store.ts'
import type { PoolLog } from '#storage-engine/blobs/pool/pool-log.ts'

const FAULT_MEMORY_MS = 600_000
const FAULTS_UNTIL_OFFLINE = 3

/**
 * What this process knows of one node. A fault (a write or flush that failed for another reason than space) makes it
 * suspect for ten minutes; three within ten minutes take it offline until the process starts anew: it takes no more
 * writes, and is still read.
 */
export interface NodeHealth {
  state(): NodeStatus['state']
  recordFault(error: unknown): void
}

export function createNodeHealth({ now, log, path }: { now: () => number; log: PoolLog; path: string }): NodeHealth {
  let faults: number[] = []
  let isOffline = false

  return {
    state() {
      if (isOffline) return 'offline'
      return faults.some((time) => now() - time < FAULT_MEMORY_MS) ? 'suspect' : 'online'
    },
    recordFault(error) {
      faults = [...faults.filter((time) => now() - time < FAULT_MEMORY_MS), now()].slice(-FAULTS_UNTIL_OFFLINE)
      if (!isOffline && faults.length >= FAULTS_UNTIL_OFFLINE) {
        isOffline = true
        log.error({ err: error, path }, 'Storage node went offline after three faults: check the drive, then restart')
      } else {
        log.error({ err: error, path }, 'A write to a storage node failed')
      }
    },
  }
}
