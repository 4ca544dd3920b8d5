import { readdirSync, readFileSync } from 'node:fs'

/** CPU time and memory of a tree of processes, by the part that they play. */
export interface TreeUsage {
  /** Microseconds since each process began, by group. */
  cpuMicros: Map<string, number>
  /** Resident bytes of all together; what processes of one program share (code, Postgres's buffers) counts once. */
  rssBytes: number
  /** The part of them that belongs to one process each, by group. */
  ownBytes: Map<string, number>
}

const TICK_MICROS = 10_000
const PAGE_BYTES = 4096

interface ProcessStat {
  pid: number
  parent: number
  cpuMicros: number
  residentBytes: number
  sharedBytes: number
}

/**
 * Reads /proc for `root` and all its descendants. `groups` maps a pid to the name of its group, which its descendants
 * inherit; the others are `other`.
 */
export function readTreeUsage(root: number, groups: Map<number, string>): TreeUsage {
  const all = new Map(listProcesses().map((process) => [process.pid, process]))
  const cpuMicros = new Map<string, number>()
  const ownBytes = new Map<string, number>()
  const shared = new Map<string, number>()
  for (const process of all.values()) {
    const group = groupOf(process, { root, groups, all })
    if (group === null) continue
    cpuMicros.set(group, (cpuMicros.get(group) ?? 0) + process.cpuMicros)
    const program = group === 'postgres' ? 'postgres' : 'node'
    shared.set(program, Math.max(shared.get(program) ?? 0, process.sharedBytes))
    ownBytes.set(group, (ownBytes.get(group) ?? 0) + process.residentBytes - process.sharedBytes)
  }
  const rssBytes = [...ownBytes.values(), ...shared.values()].reduce((sum, bytes) => sum + bytes, 0)
  return { cpuMicros, rssBytes, ownBytes }
}

/** Watches memory until stopped, and tells the moment at which it was highest. */
export function watchPeakRss(readUsage: () => TreeUsage, intervalMs = 250): { stop(): TreeUsage } {
  let peak = readUsage()
  const look = () => {
    const usage = readUsage()
    if (usage.rssBytes > peak.rssBytes) peak = usage
  }
  const timer = setInterval(look, intervalMs)
  return {
    stop() {
      clearInterval(timer)
      look()
      return peak
    },
  }
}

interface Ancestry {
  root: number
  groups: Map<number, string>
  all: Map<number, ProcessStat>
}

function groupOf(process: ProcessStat, { root, groups, all }: Ancestry): string | null {
  for (let at: ProcessStat | undefined = process; at !== undefined; at = all.get(at.parent)) {
    const group = groups.get(at.pid)
    if (group !== undefined) return group
    if (at.pid === root) return 'other'
  }
  return null
}

function listProcesses(): ProcessStat[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      return [parseProcess(Number(name))]
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // It ended while we looked.
      if (code === 'ENOENT' || code === 'ESRCH') return []
      throw error
    }
  })
}

/** Fields of proc(5): after the name in brackets come state, ppid … utime (14th), stime (15th). */
function parseProcess(pid: number): ProcessStat {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [, resident = '0', shared = '0'] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')
  return {
    pid,
    parent: Number(fields[1]),
    cpuMicros: (Number(fields[11]) + Number(fields[12])) * TICK_MICROS,
    residentBytes: Number(resident) * PAGE_BYTES,
    sharedBytes: Number(shared) * PAGE_BYTES,
  }
}
