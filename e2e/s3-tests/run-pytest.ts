import { execFile, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readJunitReport, type TestResult } from '#e2e/s3-tests/junit-report.ts'

const OWN_FOLDER = fileURLToPath(new URL('.', import.meta.url))
/** What the suite cannot run without; smaller libraries that it imports are stood in for. */
const NEEDED_MODULES = ['boto3', 'pytest', 'requests', 'dateutil']

export interface PytestInput {
  python: string
  /** Folder of the suite. */
  checkout: string
  /** Names of test files, and pytest's own options. */
  args: string[]
  configurationFile: string
  /** PEM file; null: the system's. */
  caFile: string | null
  /** This process runs every `of`-th test, from the `number`-th on. */
  shard: { number: number; of: number }
  resultsDir: string
}

/** The path of a python3 that has what the suite needs. Throws with what is missing. */
export async function findPython(wanted: string | null): Promise<string> {
  const python = wanted ?? 'python3'
  const test = `import importlib.util as u; print(' '.join(m for m in ${JSON.stringify(NEEDED_MODULES)} if u.find_spec(m) is None))`
  const { stdout } = await promisify(execFile)(python, ['-c', test]).catch((error: Error) => {
    throw new Error(`${python} cannot be run (${error.message}): install Python 3, or name one with --python`)
  })
  const missing = stdout.trim()
  if (missing === '') return python
  throw new Error(`${python} lacks ${missing}: \`${python} -m pip install ${missing}\`, or name another with --python`)
}

/** Refuses a folder that is not a checkout of the suite. */
export async function checkCheckout(folder: string): Promise<void> {
  await access(join(folder, 's3tests/functional/test_s3.py')).catch((cause) => {
    throw new Error(`${folder} is no checkout of ceph/s3-tests: it has no s3tests/functional/test_s3.py`, { cause })
  })
}

/** Runs the suite to its end; tests that fail are results, and only a run without results rejects. */
export async function runPytest(input: PytestInput): Promise<TestResult[]> {
  const { checkout, resultsDir, shard } = input
  const junitFile = join(resultsDir, `junit-${shard.number}.xml`)
  const logFile = join(resultsDir, `pytest-${shard.number}.log`)
  const options = ['-p', 's3_suite_plugin', '-p', 'no:cacheprovider', '--tb=short', `--junitxml=${junitFile}`]
  const child = spawn(input.python, ['-m', 'pytest', ...options, ...input.args], {
    cwd: checkout,
    env: environmentOf(input),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  await pipeline(child.stdout, createWriteStream(logFile))
  const code = await exited
  // 0 passed, 1 failed, 5 found nothing to run: all of them are told by the report.
  if (code === 0 || code === 1 || code === 5) return readJunitReport(await readFile(junitFile, 'utf8'))
  throw new Error(`pytest ended with ${code}:\n${(await readFile(logFile, 'utf8')).slice(-3_000)}`)
}

function environmentOf({ checkout, configurationFile, caFile, shard }: PytestInput): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(AWS_|PYTEST_)/.test(name))
  return {
    ...(Object.fromEntries(inherited) as NodeJS.ProcessEnv),
    S3TEST_CONF: configurationFile,
    S3_SUITE_EXCLUSIONS: join(OWN_FOLDER, 'exclusions.txt'),
    S3_SUITE_SHARD: `${shard.number}/${shard.of}`,
    PYTHONPATH: [OWN_FOLDER, checkout].join(delimiter),
    // The checkout may belong to somebody else.
    PYTHONDONTWRITEBYTECODE: '1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    ...(caFile !== null && { AWS_CA_BUNDLE: caFile, REQUESTS_CA_BUNDLE: caFile, SSL_CERT_FILE: caFile }),
  }
}
