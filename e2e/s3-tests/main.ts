import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { readCommandLine } from '#e2e/command-line.ts'
import { REPOSITORY } from '#e2e/product.ts'
import { shortenTraceback, type TestResult } from '#e2e/s3-tests/junit-report.ts'
import { checkCheckout, findPython, runPytest } from '#e2e/s3-tests/run-pytest.ts'
import { createSuiteCallers, writeSuiteConfiguration } from '#e2e/s3-tests/suite-callers.ts'
import { type SuiteServer, startSuiteServer } from '#e2e/s3-tests/suite-server.ts'

const USAGE = `Usage: npm run test:s3-tests -- <checkout of ceph/s3-tests> [options] [-- options of pytest]

  -k <expression>             only tests whose names fit, as pytest reads it
  --tier=fair|iam|all         fair (default): S3 as AWS has it, 734 tests; iam: 96 of IAM and STS; all: both
  --encryption=on|off         of the namespaces (default on)
  --storage-classes=A,B       beside STANDARD; two of them make the fair tier 1,398 tests
  --day=2                     how many seconds a day of a lifecycle rule lasts
  -n <count>                  pytest processes at a time, each with users of its own (default 1)
  --env=NAME=value            a setting of the server; repeatable
  --keep                      serve on until Ctrl-C
  --conf=<file>               use the server and the users of this configuration, as --keep prints it; repeatable
  --python=<path>             a python3 with boto3, pytest, requests and dateutil`

/** Cloud tiers are no part of S3, and logs with journal and roll-over are Ceph's; web identity needs a Keycloak. */
const TIERS = {
  fair: {
    files: ['test_s3.py', 'test_headers.py'],
    without: ['bucket_logging', 'bucket_logging_cleanup', 'cloud_transition', 'cloud_restore'],
  },
  iam: { files: ['test_iam.py', 'test_sts.py'], without: ['fails_on_rgw', 'webidentity_test'] },
}
type Tier = keyof typeof TIERS
/** Up to so many failures are shown with their tracebacks. */
const TRACEBACKS_MAX = 5

type Options = ReturnType<typeof readOptions>

/** A run of pytest against one set of users. */
interface Seat {
  configurationFile: string
  caFile: string | null
}

async function main(): Promise<void> {
  const options = readOptions()
  const python = await findPython(options.python)
  await checkCheckout(options.checkout)
  const resultsDir = join(REPOSITORY, '.cache/s3-tests', new Date().toISOString().replace(/\W/g, '-'))
  await mkdir(resultsDir, { recursive: true })
  const server = options.conf.length > 0 ? null : await startServer(options, resultsDir)
  try {
    const seats = server === null ? readSeats(options) : await prepareSeats(server, { options, resultsDir })
    const results: TestResult[] = []
    for (const tier of options.tiers) results.push(...(await runTier(tier, { options, python, seats, resultsDir })))
    printSummary(results, resultsDir)
    process.exitCode = results.length > 0 && results.every(({ outcome }) => outcome !== 'failed') ? 0 : 1
    if (options.keep && server !== null) await waitForEnd(seats)
  } finally {
    await server?.stop()
  }
}

function readOptions() {
  const { values, positionals } = readCommandLine(USAGE, {
    allowPositionals: true,
    options: {
      keywords: { type: 'string', short: 'k' },
      tier: { type: 'string', default: 'fair' },
      encryption: { type: 'string', default: 'on' },
      'storage-classes': { type: 'string', default: '' },
      day: { type: 'string', default: '2' },
      processes: { type: 'string', short: 'n', default: '1' },
      env: { type: 'string', multiple: true, default: [] },
      keep: { type: 'boolean', default: false },
      conf: { type: 'string', multiple: true, default: [] },
      python: { type: 'string' },
    },
  })
  const [checkout, ...pytestArgs] = positionals
  const tiers: Tier[] = values.tier === 'all' ? ['fair', 'iam'] : [oneOf('tier', values.tier, ['fair', 'iam'])]
  if (checkout === undefined) throw new Error(USAGE)
  return {
    checkout: resolve(checkout),
    pytestArgs,
    tiers,
    keywords: values.keywords ?? null,
    encryptionMode: oneOf('encryption', values.encryption, ['on', 'off']),
    storageClasses: values['storage-classes'].split(',').filter((name) => name !== ''),
    daySeconds: countOf('day', values.day),
    processes: countOf('n', values.processes),
    env: Object.fromEntries(values.env.map((pair) => pair.split(/=(.*)/s, 2))) as Record<string, string>,
    keep: values.keep,
    conf: values.conf,
    python: values.python ?? null,
  }
}

function oneOf<Value extends string>(option: string, value: string, allowed: Value[]): Value {
  const found = allowed.find((candidate) => candidate === value)
  if (found === undefined) throw new Error(`--${option} is one of ${allowed.join(', ')}\n${USAGE}`)
  return found
}

function countOf(option: string, value: string): number {
  if (!/^[1-9]\d{0,2}$/.test(value)) throw new Error(`-${option} is a number from 1 to 999\n${USAGE}`)
  return Number(value)
}

async function startServer(options: Options, resultsDir: string): Promise<SuiteServer> {
  const { daySeconds, storageClasses } = options
  const env = {
    SCEAU_LIFECYCLE_DAY_SECONDS: String(daySeconds),
    SCEAU_LIFECYCLE_INTERVAL_SECONDS: '1',
    SCEAU_STORAGE_CLASSES: ['STANDARD', ...storageClasses].join(),
    ...options.env,
  }
  return startSuiteServer({ env, logFile: join(resultsDir, 'server.log') })
}

/** Users of its own for each process, so that none lists the buckets of another. */
async function prepareSeats(
  { engine, port, tls }: SuiteServer,
  { options, resultsDir }: { options: Options; resultsDir: string },
): Promise<Seat[]> {
  const { storageClasses, daySeconds, encryptionMode } = options
  const seats: Seat[] = []
  for (let number = 1; number <= options.processes; number++) {
    const callers = await createSuiteCallers(engine, { encryptionMode })
    const configurationFile = join(resultsDir, `s3tests-${number}.conf`)
    const { region } = engine.config
    await writeSuiteConfiguration(configurationFile, { port, region, callers, storageClasses, daySeconds })
    seats.push({ configurationFile, caFile: tls.ca })
  }
  return seats
}

/** A server that runs already is trusted by whatever the caller's environment trusts. */
function readSeats({ conf }: Options): Seat[] {
  const caFile = process.env['AWS_CA_BUNDLE'] ?? null
  return conf.map((file) => ({ configurationFile: resolve(file), caFile }))
}

interface TierInput {
  options: Options
  python: string
  seats: Seat[]
  resultsDir: string
}

async function runTier(tier: Tier, { options, python, seats, resultsDir }: TierInput): Promise<TestResult[]> {
  const { files, without } = TIERS[tier]
  const args = [
    ...files.map((file) => `s3tests/functional/${file}`),
    ...['-m', without.map((marker) => `not ${marker}`).join(' and ')],
    ...(options.keywords === null ? [] : ['-k', options.keywords]),
    ...options.pytestArgs,
  ]
  const tierDir = join(resultsDir, tier)
  await mkdir(tierDir)
  const runs = seats.map((seat, index) =>
    runPytest({
      ...seat,
      python,
      checkout: options.checkout,
      args,
      shard: { number: index + 1, of: seats.length },
      resultsDir: tierDir,
    }),
  )
  return (await Promise.all(runs)).flat()
}

function printSummary(results: TestResult[], resultsDir: string): void {
  const failures = results.filter(({ outcome }) => outcome === 'failed')
  const skipped = results.filter(({ outcome }) => outcome === 'skipped')
  if (failures.length <= TRACEBACKS_MAX)
    for (const { name, details } of failures) console.log(`\n${name}\n${shortenTraceback(details)}`)
  for (const { name, message } of skipped) console.log(`SKIPPED ${name}: ${message}`)
  for (const { name, message } of failures) console.log(`FAILED ${name}: ${message}`)
  const passed = results.length - failures.length - skipped.length
  console.log(`\n${passed} passed, ${failures.length} failed, ${skipped.length} skipped of ${results.length}`)
  console.log(`Details: ${relative(process.cwd(), resultsDir)}`)
}

async function waitForEnd(seats: Seat[]): Promise<void> {
  const options = seats.map(({ configurationFile }) => `--conf=${configurationFile}`).join(' ')
  console.log(
    `\nServing on until Ctrl-C. Again with: AWS_CA_BUNDLE=${seats[0]?.caFile} npm run test:s3-tests -- … ${options}`,
  )
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), once(process, 'disconnect')])
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
// The channel to whoever started us would keep this process alive.
process.disconnect?.()
