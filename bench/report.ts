import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { arch, cpus, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { NOISE } from '#bench/committed.ts'
import { describeCost, type EncryptionCost, isCostKept } from '#bench/encryption-cost.ts'
import { describeListing, isListingKept, type ListingResult } from '#bench/listing-run.ts'
import type { MemoryResult } from '#bench/memory-run.ts'
import type { Primitives } from '#bench/primitives.ts'
import type { CellResult } from '#bench/run-cell.ts'

export interface BenchReport {
  commit: string
  at: string
  machine: { cpu: string; cores: number; memoryGiB: number; system: string; node: string }
  arguments: string[]
  primitives: Primitives | null
  cells: CellResult[]
  /** By cell, when each ran with and without D@RE. */
  encryptionCosts: EncryptionCost[]
  /** Pages of large buckets beside those of small ones; null when they were not asked for. */
  listing: ListingResult[] | null
  memory: MemoryResult | null
}

/** Which code ran on which machine; `-dirty` tells of changes that no commit holds. */
export function describeRun(
  repository: string,
  node: string,
): Pick<BenchReport, 'commit' | 'at' | 'machine' | 'arguments'> {
  const git = (...words: string[]) => execFileSync('git', words, { cwd: repository, encoding: 'utf8' }).trim()
  return {
    commit: `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '-dirty'}`,
    at: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: `${type()} ${arch()}`,
      node: execFileSync(node, ['--version'], { encoding: 'utf8' }).trim(),
    },
    arguments: process.argv.slice(2),
  }
}

/** Writes `<time>-<commit>.json` and `.md` into `directory`; returns the path without its ending. */
export function writeReport(directory: string, report: BenchReport): string {
  mkdirSync(directory, { recursive: true })
  const base = join(directory, `${report.at.slice(0, 16).replace(/[-:]/g, '')}-${report.commit}`)
  writeFileSync(`${base}.json`, `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(`${base}.md`, renderMarkdown(report))
  return base
}

/** Whether every committed figure is reached, noise allowed for, and nothing failed. */
export function isKept({ cells, encryptionCosts, listing, memory }: BenchReport): boolean {
  const kept = cells.every(({ committed, failures }) => failures === 0 && (committed?.ratio ?? 1) >= 1 - NOISE)
  if (!encryptionCosts.every(isCostKept) || listing?.every(isListingKept) === false) return false
  return kept && (memory === null || (memory.failures === 0 && memory.peakRssBytes < memory.limitBytes))
}

const COLUMNS = [
  'cell',
  'target',
  'ops/s',
  'MB/s',
  'p50 ms',
  'p99 ms',
  'CPU µs',
  'load µs',
  'RSS MiB',
  'of limit',
  'committed',
  '',
]

/** One line of the table, as cells of text. */
export function rowOf(result: CellResult, primitives: Primitives | null): string[] {
  const cpu = Object.entries(result.cpuMicrosPerRequest).filter(([, micros]) => micros >= 0.5)
  const limit = primitives === null ? null : limitOf(result, primitives)
  return [
    result.cell,
    result.target,
    number(result.perSecond),
    number(result.bytesPerSecond / 1e6),
    number(result.p50Ms),
    number(result.p99Ms),
    cpu.map(([group, micros]) => `${group} ${number(micros)}`).join(', ') || '–',
    number(result.loadCpuMicrosPerRequest),
    result.peakRssBytes === null ? '–' : number(result.peakRssBytes / 2 ** 20),
    limit === null ? '–' : `${Math.round((result.perSecond / limit.perSecond) * 100)} % of ${limit.name}`,
    result.committed?.text ?? '–',
    verdictOf(result),
  ]
}

function verdictOf({ failures, requests, firstFailure, committed }: CellResult): string {
  if (failures > 0) return `${failures} of ${requests} FAILED: ${firstFailure.split('\r\n')[0]}`
  if (committed === null) return ''
  const percent = `${Math.round(committed.ratio * 100)} %`
  return committed.ratio >= 1 - NOISE ? `kept (${percent})` : `MISSED (${percent})`
}

/** The primitive that bounds the cell most, in requests a second. */
function limitOf({ cell }: CellResult, primitives: Primitives): { name: string; perSecond: number } | null {
  const [, operation = '', count = '', unit = ''] = /^(\w+) ([\d.]+) (\w+) ×/.exec(cell) ?? []
  const size = Number(count) * ({ KiB: 1024, MiB: 2 ** 20, GiB: 2 ** 30 }[unit] ?? 1)
  const tls = primitives.tlsPerSecond[`${operation === 'HEAD' ? 'GET' : operation} ${size}`]
  if (tls === undefined) return null
  const limits = [{ name: operation === 'PUT' ? 'TLS receive' : 'TLS send', perSecond: tls }]
  if (operation === 'PUT') {
    limits.push(
      { name: 'disk', perSecond: primitives.diskBytesPerSecond / size },
      { name: 'MD5', perSecond: (primitives.md5BytesPerSecond * primitives.cores) / size },
      { name: 'upsert', perSecond: primitives.upsertPerSecond },
    )
  }
  return limits.reduce((least, limit) => (limit.perSecond < least.perSecond ? limit : least))
}

export function describePrimitives(primitives: Primitives): string[] {
  const tls = Object.entries(primitives.tlsPerSecond).map(([name, rate]) => {
    const [operation, size] = name.split(' ')
    return `bare TLS ${operation} of ${size} bytes: ${number(rate)}/s, ${number((rate * Number(size)) / 1e6)} MB/s`
  })
  return [
    ...tls,
    `append 4 KiB and flush: ${number(primitives.appendSyncPerSecond)}/s; 64 a flush: ${number(primitives.groupedAppendPerSecond)}/s`,
    `sequential write: ${number(primitives.diskBytesPerSecond / 1e6)} MB/s`,
    `AES-256-GCM of 64 KiB: ${number(primitives.aesGcmBytesPerSecond / 1e6)} MB/s; MD5: ${number(primitives.md5BytesPerSecond / 1e6)} MB/s (one core)`,
    `Postgres upsert, batches of 64: ${number(primitives.upsertPerSecond)} rows/s`,
  ]
}

export function describeMemory(memory: MemoryResult): string {
  const { uploads, failures, firstFailure, bytesPerSecond, idleRssBytes, peakRssBytes, limitBytes } = memory
  const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`
  const verdict = failures > 0 ? `${failures} FAILED: ${firstFailure}` : peakRssBytes < limitBytes ? 'kept' : 'MISSED'
  const own = Object.entries(memory.peakOwnBytes).map(([group, bytes]) => `${group} ${mebibytes(bytes)}`)
  return (
    `${uploads} uploads of 16 MiB at once: ${mebibytes(peakRssBytes)} at the highest (${mebibytes(idleRssBytes)} before; ` +
    `beside shared pages ${own.join(', ')}), ${number(bytesPerSecond / 1e6)} MB/s; committed < ${mebibytes(limitBytes)}: ${verdict}`
  )
}

function renderMarkdown(report: BenchReport): string {
  const { machine } = report
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [
    `# Bench of ${report.commit}, ${report.at.slice(0, 10)}`,
    '',
    `${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}. ` +
      'Load generator, product and Postgres share the machine. CPU is of the product a request, by group of processes.',
    '',
    ...(report.primitives === null ? [] : [...describePrimitives(report.primitives).map((text) => `- ${text}`), '']),
    ...(report.cells.length === 0 ? [] : [line(COLUMNS), line(COLUMNS.map(() => '---'))]),
    ...report.cells.map((cell) => line(rowOf(cell, report.primitives))),
    '',
    ...(report.encryptionCosts.length === 0
      ? []
      : [...report.encryptionCosts.map((cost) => `- ${describeCost(cost)}`), '']),
    ...(report.listing === null ? [] : [...report.listing.map((result) => `- ${describeListing(result)}`), '']),
    ...(report.memory === null ? [] : [describeMemory(report.memory), '']),
  ].join('\n')
}

function number(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (value >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(value >= 10 ? 1 : 2)
}
