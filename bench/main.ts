import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allCells, type Cell, largeSizesOf, nameOf, parseCells, quickCells } from '#bench/cells.ts'
import { startCpuProfile } from '#bench/cpu-profile.ts'
import { describeCost, encryptionCostOf, isCostDecided } from '#bench/encryption-cost.ts'
import { describeListing, type ListingResult, runListing } from '#bench/listing-run.ts'
import { createLoadPool, type LoadPool } from '#bench/load-pool.ts'
import { runMemory } from '#bench/memory-run.ts'
import { createPlainNamespace } from '#bench/plain-namespace.ts'
import { measurePrimitives, type Primitives } from '#bench/primitives.ts'
import { readTreeUsage } from '#bench/process-usage.ts'
import { createReclaimer, RECLAIM_ENV } from '#bench/reclaim.ts'
import {
  type BenchReport,
  describeMemory,
  describePrimitives,
  describeRun,
  isKept,
  rowOf,
  writeReport,
} from '#bench/report.ts'
import { type BenchTarget, type CellResult, runCell } from '#bench/run-cell.ts'
import { readCommandLine } from '#e2e/command-line.ts'
import { type Product, REPOSITORY, startProduct } from '#e2e/product.ts'
import { databaseUrlOf } from '#e2e/product-database.ts'
import { createS3Client } from '#e2e/s3-client.ts'
import type { Credentials } from '#e2e/signature.ts'

const USAGE = `Usage: npm run bench -- [list] [options]
  list                           nothing but pages of large buckets beside pages of small ones
  --quick                        two seconds a cell, only the cells that a committed figure names
  --cells=put:4k:64,get:1m:16    operation:size:clients; list:1000:1 is a page of 1,000 keys, list/ one by delimiter
  --seconds=5                    of load a cell
  --encryption=on|off|both       D@RE of the namespace (default on); both: two namespaces of one product, each cell in
                                 either in turn, A B B A, and what D@RE costs: the median of the rounds
  --list-keys=20000              in the bucket that is listed
  --no-memory, --no-primitives   leave these out
  --memory-only                  nothing but the thousand uploads
  --load-processes=1
  --profile                      writes a .cpuprofile of one gateway a cell to bench/results/profiles
  --against=https://host:port --against-ca=FILE --against-key=ID:SECRET
                                 runs each cell on both services in turn, A B B A
  --rounds=5                     of a cell on services in turn; who went first goes last in the next one
  --rounds-max=                  of a cell with both, while what D@RE costs is too close to the limit to tell;
                                 without it, as many as --rounds`

const PRIMITIVE_SIZES = [4 << 10, 64 << 10, 1 << 20, 64 << 20]
const WARM_UP_SECONDS = 2

type Options = ReturnType<typeof readOptions>

async function main(): Promise<void> {
  const options = readOptions()
  const scratchDir = await mkdtemp(join(tmpdir(), 'sceau-bench-'))
  const pool = createLoadPool(options.loadProcesses)
  const report: BenchReport = {
    ...describeRun(REPOSITORY, process.execPath),
    primitives: null,
    cells: [],
    encryptionCosts: [],
    listing: null,
    memory: null,
  }
  try {
    await benchProduct({ options, scratchDir, pool, report })
  } finally {
    pool.close()
    await rm(scratchDir, { recursive: true, force: true })
  }
  console.log(`\nWritten to ${writeReport(join(REPOSITORY, 'bench/results'), report)}.{json,md}`)
  if (!isKept(report)) process.exitCode = 1
}

function readOptions() {
  const { values, positionals } = readCommandLine(USAGE, {
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      cells: { type: 'string' },
      seconds: { type: 'string' },
      encryption: { type: 'string', default: 'on' },
      'list-keys': { type: 'string', default: '20000' },
      'no-memory': { type: 'boolean', default: false },
      'no-primitives': { type: 'boolean', default: false },
      'memory-only': { type: 'boolean', default: false },
      'load-processes': { type: 'string', default: '1' },
      rounds: { type: 'string', default: '5' },
      'rounds-max': { type: 'string' },
      profile: { type: 'boolean', default: false },
      against: { type: 'string' },
      'against-ca': { type: 'string' },
      'against-key': { type: 'string' },
    },
  })
  if (!['on', 'off', 'both'].includes(values.encryption)) throw new Error(USAGE)
  if (positionals.some((word) => word !== 'list')) throw new Error(USAGE)
  const isMemoryOnly = values['memory-only']
  const isListing = positionals.length > 0
  const cells = values.cells === undefined ? (values.quick ? quickCells() : allCells()) : parseCells(values.cells)
  return {
    listing: isListing,
    cells: isMemoryOnly || isListing ? [] : cells,
    seconds: Number(values.seconds ?? (values.quick ? 2 : 5)),
    encryptions: values.encryption === 'both' ? ['on', 'off'] : [values.encryption],
    listKeys: Number(values['list-keys']),
    memory: isMemoryOnly || !(isListing || values['no-memory'] || values.cells !== undefined),
    primitives: !values['no-primitives'] && !isMemoryOnly && !isListing,
    loadProcesses: Number(values['load-processes']),
    rounds: Number(values.rounds),
    roundsMax: Number(values['rounds-max'] ?? values.rounds),
    profile: values.profile,
    rival: rivalOf(values.against, values['against-ca'], values['against-key']),
  }
}

function rivalOf(endpoint?: string, caFile?: string, key?: string): BenchTarget | null {
  if (endpoint === undefined) return null
  if (caFile === undefined || key === undefined)
    throw new Error(`--against needs --against-ca and --against-key\n${USAGE}`)
  const [accessKeyId = '', secretAccessKey = ''] = key.split(':')
  const credentials = { accessKeyId, secretAccessKey, region: 'us-east-1' }
  return { name: new URL(endpoint).host, bucket: 'bench', service: { endpoint, caFile, credentials }, readUsage: null }
}

interface BenchInput {
  options: Options
  scratchDir: string
  pool: LoadPool
  report: BenchReport
}

/** The product, with as many targets in it as D@RE is to have states, then a rival's. */
async function benchProduct(input: BenchInput): Promise<void> {
  const { encryptions, rival } = input.options
  const product = await startProduct({ env: { ...RECLAIM_ENV, SCEAU_NAMESPACE_ENCRYPTION: encryptions[0] as string } })
  try {
    const targets = [targetOf(product, { name: `D@RE ${encryptions[0]}`, bucket: 'bench' })]
    if (encryptions.length > 1) {
      const credentials = await createPlainNamespace(product)
      targets.push(targetOf(product, { name: 'D@RE off', bucket: 'bench-plain', credentials }))
    }
    await benchTargets(input, { product, targets: rival === null ? targets : [...targets, rival] })
  } finally {
    await product.stop()
  }
}

async function benchTargets(
  { options, scratchDir, pool, report }: BenchInput,
  { product, targets }: { product: Product; targets: BenchTarget[] },
): Promise<void> {
  if (options.primitives) {
    report.primitives = await primitivesOf(product, pool, join(scratchDir, 'primitives'))
    console.log(describePrimitives(report.primitives).join('\n'))
  }
  for (const target of targets) {
    await makeBucket(target)
    await warmUp(options, pool, target)
    console.log(`\n${target.service.endpoint}, ${target.name}, Node ${report.machine.node}, commit ${report.commit}`)
  }
  console.log('')
  const rounds = targets.length > 1 ? options.rounds : 1
  const own = targets.filter((target) => target !== options.rival)
  const reclaimer = await createReclaimer(product, { targets: own, sizes: largeSizesOf(options.cells) })
  for (const cell of options.cells) {
    const results: CellResult[] = []
    // What is compared has run this very cell before: the compilers take longest over what only one side does.
    if (rounds > 1) for (const target of targets) await warmUpFor(cell, options, pool, target)
    for (let round = 0; round < rounds || isWorthAnother(round, results, options); round++) {
      for (const target of round % 2 === 0 ? targets : targets.toReversed()) {
        await reclaimer.reclaim()
        results.push(await measure({ options, pool, report, cell, target, product }))
      }
    }
    report.cells.push(...results)
    if (options.rival !== null) printRatio(results, options.rival.name)
    const cost = encryptionCostOf(results)
    if (cost === null) continue
    report.encryptionCosts.push(cost)
    console.log(`  ${describeCost(cost)}`)
  }
  await benchRest(product, own[0] as BenchTarget, { options, pool, report })
}

function isWorthAnother(round: number, results: CellResult[], { roundsMax }: Options): boolean {
  const cost = round < roundsMax ? encryptionCostOf(results) : null
  return cost !== null && !isCostDecided(cost)
}

async function benchRest(
  product: Product,
  target: BenchTarget,
  { options, pool, report }: Omit<BenchInput, 'scratchDir'>,
): Promise<void> {
  if (options.listing) {
    const databaseUrl = databaseUrlOf(product)
    const onResult = (result: ListingResult) => console.log(describeListing(result))
    report.listing = [...(report.listing ?? []), ...(await runListing(target, { databaseUrl, onResult }))]
  }
  if (options.memory && report.memory === null) {
    report.memory = await runMemory(target, pool)
    console.log(`\n${describeMemory(report.memory)}`)
  }
}

function primitivesOf(product: Product, pool: LoadPool, scratchDir: string): Promise<Primitives> {
  const file = (name: string) => join(product.dataDir, 'tls', name)
  return measurePrimitives({
    pool,
    sizes: PRIMITIVE_SIZES,
    seconds: 1.5,
    scratchDir,
    certificate: { cert: file('leaf.pem'), key: file('leaf-key.pem'), caFile: product.caFile },
    credentials: product.credentials,
  })
}

function targetOf(
  product: Product,
  { name, bucket, credentials = product.credentials }: { name: string; bucket: string; credentials?: Credentials },
): BenchTarget {
  const readUsage = () => {
    const groups = new Map<number, string>()
    for (const role of ['gateway', 'jobs', 'console', 'postgres'] as const) {
      for (const pid of product.pids(role)) groups.set(pid, role)
    }
    return readTreeUsage(product.supervisorPid, groups)
  }
  const { endpoint, caFile } = product
  return { name, bucket, service: { endpoint, caFile, credentials }, readUsage }
}

async function makeBucket({ service, bucket }: BenchTarget): Promise<void> {
  const client = createS3Client(service)
  const { outcome, status, code } = await client.call({ method: 'PUT', bucket })
  client.close()
  if (outcome !== 'ok' && code !== 'BucketAlreadyOwnedByYou')
    throw new Error(`No bucket could be made: ${status} ${code}`)
}

/** Compilers and caches have their effect before anything is counted. */
async function warmUp(options: Options, pool: LoadPool, target: BenchTarget): Promise<void> {
  for (const operation of ['PUT', 'GET', 'MIXED'] as const) {
    await warmUpFor({ operation, size: 4 << 10, clients: 64 }, options, pool, target)
  }
}

async function warmUpFor(cell: Cell, { listKeys }: Options, pool: LoadPool, target: BenchTarget): Promise<void> {
  const { failures, firstFailure } = await runCell({ target, pool, cell, seconds: WARM_UP_SECONDS, listKeys })
  if (failures > 0) throw new Error(`${target.name} does not take the load: ${firstFailure}`)
}

interface MeasureInput {
  options: Options
  pool: LoadPool
  product: Product
  report: BenchReport
  cell: Cell
  target: BenchTarget
}

async function measure({ options, pool, product, report, cell, target }: MeasureInput): Promise<CellResult> {
  const { seconds, listKeys, profile } = options
  const onRun = profile && target !== options.rival ? { onRun: () => profileOf(product, report, cell) } : {}
  const result = await runCell({ target, pool, cell, seconds, listKeys, ...onRun })
  console.log(rowOf(result, report.primitives).join('  '))
  return result
}

async function profileOf(product: Product, report: BenchReport, cell: Cell): Promise<() => Promise<void>> {
  const [pid] = product.pids('gateway')
  if (pid === undefined) throw new Error('No gateway lives that could be profiled')
  const end = await startCpuProfile(pid)
  const name = `${report.commit}-${nameOf(cell).replace(/\W+/g, '-').toLowerCase()}.cpuprofile`
  return () => end(join(REPOSITORY, 'bench/results/profiles', name))
}

function printRatio(results: CellResult[], rival: string): void {
  const sum = (isRival: boolean) =>
    results
      .filter(({ target }) => (target === rival) === isRival)
      .reduce((total, { perSecond }, _, all) => total + perSecond / all.length, 0)
  console.log(`  ${(sum(false) / sum(true)).toFixed(2)} × ${rival}`)
}

await main()
