import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CLIENTS, LARGE_CLIENTS } from '#e2e/clients/all-clients.ts'
import { type Client, ClientUnavailable, type Site } from '#e2e/clients/client.ts'
import { LARGE, makeSamples, makeTree, type SampleFile } from '#e2e/clients/fixtures.ts'
import { runCommand } from '#e2e/clients/run-command.ts'
import { type Step, type StepsClient, stepsOf } from '#e2e/clients/steps.ts'
import { terraform } from '#e2e/clients/terraform.ts'
import { slugOf, virtualHosted } from '#e2e/clients/virtual-hosted.ts'
import { readCommandLine } from '#e2e/command-line.ts'
import { type Product, REPOSITORY, startProduct } from '#e2e/product.ts'

type Result = 'ok' | 'FAILED'
interface Row {
  client: string
  results: Map<string, Result>
  skipped: string | null
}

const USAGE = 'Usage: npm run test:clients -- [--large] [--only=rclone,boto3] [--env=NAME=value]'

async function main(): Promise<void> {
  const { values } = readCommandLine(USAGE, {
    options: {
      large: { type: 'boolean', default: false },
      only: { type: 'string' },
      env: { type: 'string', multiple: true, default: [] },
    },
  })
  const chosen = chooseClients(values.only ?? null)
  const scratch = await mkdtemp(join(tmpdir(), 'sceau-clients-'))
  const product = await startProduct({ env: Object.fromEntries(values.env.map((pair) => pair.split('=', 2))) })
  try {
    const samples = await makeSamples(join(scratch, 'samples'), values.large)
    await makeTree(join(scratch, 'tree'))
    const rows: Row[] = []
    for (const client of chosen) rows.push(await testClient({ client, product, samples, scratch }))
    printTable(rows)
    if (rows.some((row) => [...row.results.values()].includes('FAILED'))) process.exitCode = 1
  } finally {
    await product.stop()
    await rm(scratch, { recursive: true, force: true })
  }
}

function chooseClients(only: string | null): (Client | StepsClient)[] {
  const all = [...CLIENTS, ...CLIENTS.map(virtualHosted), terraform]
  if (only === null) return all
  const words = only.toLowerCase().split(',')
  const chosen = all.filter(({ name }) => words.some((word) => name.toLowerCase().includes(word)))
  if (chosen.length === 0) throw new Error(`No client is named ${only}. ${USAGE}`)
  return chosen
}

interface TestInput {
  client: Client | StepsClient
  product: Product
  samples: SampleFile[]
  scratch: string
}

async function testClient({ client, product, samples, scratch }: TestInput): Promise<Row> {
  const row: Row = { client: client.name, results: new Map(), skipped: null }
  const slug = slugOf(client)
  const workDir = join(scratch, slug)
  await mkdir(workDir)
  const site = {
    endpoint: product.endpoint,
    caFile: product.caFile,
    credentials: product.credentials,
    cacheDir: join(REPOSITORY, '.cache/clients'),
    workDir,
  }
  try {
    const { version, steps } =
      'prepareSteps' in client
        ? await client.prepareSteps(site)
        : await prepareRoundTrips(client, { site, samples, treeDir: join(scratch, 'tree'), slug })
    console.log(`\n${client.name} (${version})`)
    for (const step of steps) row.results.set(step.name, await runStep(step))
  } catch (error) {
    if (!(error instanceof ClientUnavailable)) throw error
    row.skipped = error.message
    console.log(`\n${client.name}: SKIPPED, ${error.message}`)
  }
  await rm(workDir, { recursive: true, force: true })
  return row
}

async function prepareRoundTrips(
  client: Client,
  { site, samples, treeDir, slug }: { site: Site; samples: SampleFile[]; treeDir: string; slug: string },
): Promise<{ version: string; steps: Step[] }> {
  const commands = await client.prepare(site)
  const steps = stepsOf({
    commands,
    bucket: `clients-${slug}`,
    samples: LARGE_CLIENTS.includes(client) ? samples : samples.filter(({ label }) => label !== LARGE[0]),
    treeDir,
    workDir: site.workDir,
    caFile: site.caFile,
  })
  return { version: (await runCommand(commands.version)).trim().split('\n')[0] ?? '', steps }
}

async function runStep(step: { name: string; run(): Promise<void> }): Promise<Result> {
  const started = performance.now()
  try {
    await step.run()
    console.log(`  ok      ${step.name} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
    return 'ok'
  } catch (error) {
    console.log(`  FAILED  ${step.name}\n${indent(error instanceof Error ? error.message : String(error))}`)
    return 'FAILED'
  }
}

function printTable(rows: Row[]): void {
  const steps = [...new Set(rows.flatMap((row) => [...row.results.keys()]))]
  const width = Math.max(...rows.map(({ client }) => client.length))
  console.log(`\n${' '.repeat(width)}  ${steps.join('  ')}`)
  for (const row of rows) {
    const cells = steps.map((step) => mark(row.results.get(step)).padEnd(step.length))
    console.log(`${row.client.padEnd(width)}  ${row.skipped === null ? cells.join('  ') : `skipped: ${row.skipped}`}`)
  }
  const all = rows.flatMap((row) => [...row.results.values()])
  const count = (wanted: Result) => all.filter((result) => result === wanted).length
  const skipped = rows.filter((row) => row.skipped !== null).length
  console.log(`\n${count('ok')} passed, ${count('FAILED')} failed, ${skipped} skipped`)
}

function mark(result: Result | undefined): string {
  return result ?? '–'
}

function indent(text: string): string {
  return text.replace(/^/gm, '          ')
}

await main()
