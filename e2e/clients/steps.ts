import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClientCommands, Site } from '#e2e/clients/client.ts'
import { hashFile, hashTree, type SampleFile, TREE_FILES } from '#e2e/clients/fixtures.ts'
import { runCommand } from '#e2e/clients/run-command.ts'

export interface Step {
  name: string
  run(): Promise<void>
}

/** A program that does other things than the rest: it brings its own steps. */
export interface StepsClient {
  name: string
  /** Throws ClientUnavailable when this machine cannot have it. */
  prepareSteps(site: Site): Promise<{ version: string; steps: Step[] }>
}

export interface StepsInput {
  commands: ClientCommands
  bucket: string
  samples: SampleFile[]
  treeDir: string
  workDir: string
  caFile: string
}

/** Everything that each client has to do, in order; a later step may rely on an earlier one. */
export function stepsOf(input: StepsInput): Step[] {
  const { commands, bucket, samples } = input
  const last = commands.removeBucket
  return [
    { name: 'make bucket', run: () => runCommand(commands.makeBucket(bucket)).then(() => {}) },
    ...samples.map((sample) => ({ name: sample.label, run: () => roundTrip(input, sample) })),
    { name: 'sync 1,000', run: () => syncBothWays(input) },
    { name: 'list', run: () => countObjects(input, TREE_FILES) },
    ...presignSteps(input),
    { name: 'delete', run: () => removeEverything(input) },
    ...(last ? [{ name: 'remove bucket', run: () => runCommand(last(bucket)).then(() => {}) }] : []),
  ]
}

async function roundTrip({ commands, bucket, workDir }: StepsInput, sample: SampleFile): Promise<void> {
  const key = `samples/${sample.size}.bin`
  const file = join(workDir, 'downloaded.bin')
  await rm(file, { force: true })
  await runCommand(commands.upload({ bucket, key, file: sample.path }))
  await runCommand(commands.download({ bucket, key, file }))
  await expectHash(file, sample.sha256)
}

async function syncBothWays({ commands, bucket, treeDir, workDir }: StepsInput): Promise<void> {
  const directory = join(workDir, 'tree')
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory)
  await runCommand(commands.syncUp({ bucket, prefix: 'tree/', directory: treeDir }))
  await runCommand(commands.syncDown({ bucket, prefix: 'tree/', directory }))
  const sent = await hashTree(treeDir)
  const got = await hashTree(commands.syncedRoot?.({ directory, source: treeDir }) ?? directory)
  for (const [path, hash] of sent) {
    if (got.get(path) !== hash) throw new Error(`${path} came back ${got.has(path) ? 'changed' : 'not at all'}`)
  }
  if (got.size !== sent.size) throw new Error(`${got.size} files came back, ${sent.size} were sent`)
}

async function countObjects({ commands, bucket }: StepsInput, expected: number): Promise<void> {
  const count = commands.countListed(await runCommand(commands.list({ bucket, prefix: 'tree/' })))
  if (count !== expected) throw new Error(`listed ${count} objects, expected ${expected}`)
}

function presignSteps(input: StepsInput): Step[] {
  const sample = input.samples.find(({ label }) => label === '64 KiB+1')
  const { GET, PUT } = input.commands.presign ?? {}
  if (sample === undefined) return []
  const object = { bucket: input.bucket, key: `samples/${sample.size}.bin` }
  const copy = { bucket: input.bucket, key: 'samples/presigned.bin' }
  const file = join(input.workDir, 'presigned.bin')
  const curl = ['curl', '--fail-with-body', '--silent', '--show-error', '--cacert', input.caFile]
  const steps: Step[] = []
  if (GET) {
    steps.push({
      name: 'presigned GET',
      async run() {
        await runCommand({ argv: [...curl, '--output', file, lastLine(await runCommand(GET(object)))] })
        await expectHash(file, sample.sha256)
      },
    })
  }
  if (PUT) {
    steps.push({
      name: 'presigned PUT',
      async run() {
        await runCommand({ argv: [...curl, '--upload-file', sample.path, lastLine(await runCommand(PUT(copy)))] })
        await runCommand(input.commands.download({ ...copy, file }))
        await expectHash(file, sample.sha256)
      },
    })
  }
  return steps
}

async function removeEverything({ commands, bucket, samples }: StepsInput): Promise<void> {
  const first = samples[0]
  if (first !== undefined) await runCommand(commands.remove({ bucket, key: `samples/${first.size}.bin` }))
  await runCommand(commands.removeAll({ bucket, prefix: 'samples/' }))
  await runCommand(commands.removeAll({ bucket, prefix: 'tree/' }))
}

async function expectHash(file: string, sha256: string): Promise<void> {
  if ((await hashFile(file)) !== sha256) throw new Error('the downloaded bytes differ (SHA-256)')
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? ''
}
