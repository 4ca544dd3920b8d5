import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCanaryExperiment } from '#e2e/canary/canary-experiment.ts'
import { FLIP_SETTINGS, runFlipExperiment } from '#e2e/chaos/flip-experiment.ts'
import type { Violation } from '#e2e/chaos/history.ts'
import { runKillExperiment } from '#e2e/chaos/kill-experiment.ts'
import { checkReclaim, deleteEverything, nodesOf, SHORT_GRACES } from '#e2e/chaos/reclaim-experiment.ts'
import { runRotationExperiment } from '#e2e/chaos/rotation-experiment.ts'
import { allocatedBytes } from '#e2e/chaos/space.ts'
import { readCommandLine } from '#e2e/command-line.ts'
import { startProduct } from '#e2e/product.ts'

const USAGE =
  'Usage: npm run chaos -- [kills|canary|flips|rotation] [--kills=50] [--flips=20] [--rounds=5] [--long]; flips have half as many kills, unless told'
const KILLS = 50
const KILLS_LONG = 500
const FLIPS = 20
const FLIPS_LONG = 100
const ROUNDS = 5
const ROUNDS_LONG = 50
const RECLAIM_TIMEOUT_MS = 300_000
const report = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`)

async function main(): Promise<void> {
  const { values, positionals } = readCommandLine(USAGE, {
    allowPositionals: true,
    options: {
      long: { type: 'boolean', default: false },
      kills: { type: 'string' },
      flips: { type: 'string' },
      rounds: { type: 'string' },
    },
  })
  const [experiment = 'kills'] = positionals
  const kills = (usual: number) => countOf('kills', values.kills ?? usual)
  if (experiment === 'kills') return killsUnderLoad(kills(values.long ? KILLS_LONG : KILLS))
  if (experiment === 'flips') {
    const flips = countOf('flips', values.flips ?? (values.long ? FLIPS_LONG : FLIPS))
    return flipsUnderLoad({ flips, kills: kills(Math.ceil(flips / 2)) })
  }
  if (experiment === 'rotation') {
    return rotations(countOf('rounds', values.rounds ?? (values.long ? ROUNDS_LONG : ROUNDS)))
  }
  if (experiment === 'canary') return canaries(values.long)
  throw new Error(`There is no experiment named ${experiment}. ${USAGE}`)
}

/** An experiment that does nothing would find nothing, too. */
function countOf(name: string, value: string | number): number {
  const count = Number(value)
  if (Number.isInteger(count) && count > 0) return count
  throw new Error(`--${name} is a whole number above 0, not ${value}. ${USAGE}`)
}

async function killsUnderLoad(kills: number): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sceau-chaos-'))
  const nodes = nodesOf(dataDir)
  let product = await startProduct({ dataDir, env: SHORT_GRACES })
  const violations: Violation[] = []
  let eventCount = 0
  try {
    const baselineBytes = await allocatedBytes(nodes)
    const result = await runKillExperiment({ target: product, kills, keyCount: 150, pauseMs: [1_200, 2_500], report })
    report(`${result.eventCount} calls checked; killed ${JSON.stringify(result.result)}`)
    eventCount = result.eventCount
    violations.push(...result.violations)
    await deleteEverything(result)
    result.client.close()
    // A gateway keeps the segment that it writes to open; an orderly end seals it for the collector.
    await product.stop({ keepData: true })
    product = await startProduct({ dataDir, env: SHORT_GRACES })
    violations.push(...(await checkReclaim({ nodes, baselineBytes, timeoutMs: RECLAIM_TIMEOUT_MS, report })))
  } finally {
    await product.stop({ keepData: true })
  }
  await conclude({ violations, dataDir, done: `${kills} kills, ${eventCount} calls` })
}

async function flipsUnderLoad({ flips, kills }: { flips: number; kills: number }): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sceau-chaos-'))
  const product = await startProduct({ dataDir, env: FLIP_SETTINGS })
  try {
    const { violations, eventCount, killed, left } = await runFlipExperiment({ product, flips, kills, report })
    await product.stop({ keepData: true })
    report(
      `after the last conversion ${left.plainCount} plain blobs have a row, ${left.hits} of ${left.windows} windows show`,
    )
    const done = `${flips} flips, killed within them ${JSON.stringify(killed)}, ${eventCount} calls`
    await conclude({ violations, dataDir, done })
  } finally {
    await product.stop({ keepData: true })
  }
}

async function conclude(input: { violations: Violation[]; dataDir: string; done: string }): Promise<void> {
  const { violations, dataDir, done } = input
  for (const { invariant, key, reason } of violations) console.log(`  ${invariant}  ${key}: ${reason}`)
  const sound = violations.length === 0
  console.log(`\n${sound ? 'SOUND' : 'BROKEN'}: ${violations.length} violations, ${done}`)
  if (sound) for (const path of [dataDir, `${dataDir}.log`]) await rm(path, { recursive: true, force: true })
  else console.log(`The data directory is kept: ${dataDir}, and ${dataDir}.log`)
  // By which the launcher knows that this is evidence, and keeps it.
  if (!sound) process.exitCode = 2
}

async function rotations(rounds: number): Promise<void> {
  const product = await startProduct()
  try {
    const rotated = await runRotationExperiment({ product, rounds, report })
    const { violations, readCount, retriedCount, callCount, killed } = rotated
    for (const violation of violations) console.log(`  ${violation}`)
    const verdict = violations.length === 0 ? 'SOUND' : 'BROKEN'
    const reads = `${readCount} reads, ${retriedCount} of them again after a kill`
    console.log(
      `\n${verdict}: ${violations.length} violations, ${rounds} rounds, killed within them ${JSON.stringify(killed)}, ${reads}, ${callCount} calls of the load`,
    )
    if (violations.length > 0) process.exitCode = 1
  } finally {
    await product.stop()
  }
}

async function canaries(long: boolean): Promise<void> {
  for (const encryption of ['on', 'off'] as const) {
    const rounds = long ? 8 : 2
    const { hits, files, bytes, windows, unseen, secretHits } = await runCanaryExperiment({
      encryption,
      rounds,
      report,
    })
    console.log(`D@RE ${encryption}: ${hits.length} hits of ${windows} windows in ${files} files, ${bytes} bytes`)
    for (const hit of [...secretHits, ...hits].slice(0, 20)) console.log(`  ${hit.path} +${hit.offset}: ${hit.canary}`)
    if (encryption === 'off') console.log(`  ${unseen.length} kept bodies were not found: ${unseen.join('; ')}`)
    const isRight = encryption === 'on' ? hits.length === 0 : unseen.length === 0
    if (!isRight || secretHits.length > 0) process.exitCode = 1
  }
}

await main()
