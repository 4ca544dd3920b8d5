import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join, relative } from 'node:path'
import { CLIENTS } from '#e2e/clients/all-clients.ts'
import { type Client, type ClientCommands, ClientUnavailable, type Command } from '#e2e/clients/client.ts'
import { runCommand } from '#e2e/clients/run-command.ts'
import { readCommandLine } from '#e2e/command-line.ts'
import { type Capture, GOLDEN_CREDENTIALS, writeCapture } from '#e2e/golden/capture.ts'
import { installGoldenKey } from '#e2e/golden/golden-key.ts'
import { type RecordingProxy, startRecordingProxy } from '#e2e/golden/recording-proxy.ts'
import { REPOSITORY } from '#e2e/product.ts'
import { startSuiteServer } from '#e2e/s3-tests/suite-server.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'

const USAGE = `Usage: npm run record:golden -- [--only=rclone,boto3]

Runs each client of npm run test:clients once, through a proxy that writes down what it sends, into e2e/golden/captures.
The tests replay the captures byte by byte.`

interface RecordInput {
  client: Client
  proxy: RecordingProxy
  caFile: string
  scratch: string
}

async function main(): Promise<void> {
  const { values } = readCommandLine(USAGE, { options: { only: { type: 'string' } } })
  const words = values.only?.toLowerCase().split(',') ?? ['']
  const scratch = await mkdtemp(join(tmpdir(), 'golden-'))
  const server = await startSuiteServer({ env: {}, logFile: join(scratch, 'server.log') })
  const { engine, port, tls } = server
  const namespace = await createNamespace(engine, { name: 'golden', displayName: 'Golden', encryptionMode: 'on' })
  await installGoldenKey(engine, { ...namespace, objectUserId: namespace.rootObjectUserId })
  const ca = await readFile(tls.ca, 'utf8')
  const proxy = await startRecordingProxy({ port, ca, certFile: tls.cert, keyFile: tls.key })
  try {
    for (const client of CLIENTS) {
      if (!words.some((word) => client.name.toLowerCase().includes(word))) continue
      await record({ client, proxy, caFile: tls.ca, scratch })
    }
  } finally {
    proxy.close()
    await server.stop()
    await rm(scratch, { recursive: true, force: true })
  }
}

async function record({ client, proxy, caFile, scratch }: RecordInput): Promise<void> {
  const slug = client.name.toLowerCase().replace(/\W+/g, '-')
  const workDir = join(scratch, slug)
  await mkdir(workDir)
  const credentials = { ...GOLDEN_CREDENTIALS, region: 'us-east-1' }
  const cacheDir = join(REPOSITORY, '.cache/clients')
  try {
    const commands = await client.prepare({ endpoint: proxy.endpoint, caFile, credentials, cacheDir, workDir })
    const version = (await runCommand(commands.version)).trim().split('\n')[0] ?? ''
    await runAll(commands, { bucket: `golden-${slug}`, workDir, caFile })
    const exchanges = proxy.take().map((exchange) => ({ ...exchange, request: withoutKernel(exchange.request) }))
    const capture = { client: client.name, version, exchanges }
    expectNoTrace(capture, scratch)
    console.log(
      `${client.name}: ${capture.exchanges.length} requests in ${relative(process.cwd(), writeCapture(capture))}`,
    )
  } catch (error) {
    proxy.take()
    console.log(
      `${client.name}: ${error instanceof ClientUnavailable ? 'skipped, ' : 'FAILED, '}${(error as Error).message}`,
    )
    if (!(error instanceof ClientUnavailable)) process.exitCode = 1
  }
}

const run = (command: Command) => runCommand(onNamelessHost(command))

/** Small bodies of every kind that a client knows. */
async function runAll(
  commands: ClientCommands,
  { bucket, workDir, caFile }: { bucket: string; workDir: string; caFile: string },
): Promise<void> {
  const file = join(workDir, 'file.bin')
  const directory = join(workDir, 'tree')
  const back = join(workDir, 'back')
  await writeFile(file, 'a file that a client sends. '.repeat(40))
  await mkdir(join(directory, 'été + 1'), { recursive: true })
  await writeFile(join(directory, 'été + 1', 'a b.txt'), 'one')
  await writeFile(join(directory, 'empty'), '')
  await mkdir(back)
  await run(commands.makeBucket(bucket))
  await run(commands.upload({ bucket, key: 'folder/file.bin', file }))
  await run(commands.download({ bucket, key: 'folder/file.bin', file: join(workDir, 'got.bin') }))
  await run(commands.syncUp({ bucket, prefix: 'tree/', directory }))
  await run(commands.list({ bucket, prefix: 'tree/' }))
  await run(commands.syncDown({ bucket, prefix: 'tree/', directory: back }))
  const curl = ['curl', '--fail-with-body', '--silent', '--show-error', '--cacert', caFile]
  const { GET, PUT } = commands.presign ?? {}
  const presigned = async (link: string) => link.trim().split('\n').at(-1) ?? ''
  if (GET) {
    const url = await presigned(await run(GET({ bucket, key: 'folder/file.bin' })))
    await runCommand({ argv: [...curl, '--output', join(workDir, 'got.bin'), url] })
  }
  if (PUT) {
    const url = await presigned(await run(PUT({ bucket, key: 'folder/presigned.bin' })))
    await runCommand({ argv: [...curl, '--upload-file', file, url] })
  }
  await run(commands.remove({ bucket, key: 'folder/file.bin' }))
  await run(commands.removeAll({ bucket, prefix: 'folder/' }))
  await run(commands.removeAll({ bucket, prefix: 'tree/' }))
  if (commands.removeBucket) await run(commands.removeBucket(bucket))
}

/** SDKs name the kernel in User-Agent, which none of them signs. */
function withoutKernel(request: string): string {
  return request.replace(/^(user-agent: .*?os\/linux#)[^\s]+/im, '$16.1.0')
}

/** restic writes the name of the host into its repository. */
function onNamelessHost(command: Command): Command {
  if (process.getuid?.() !== 0) return command
  const rename = 'hostname golden && exec "$0" "$@"'
  return { ...command, argv: ['unshare', '--uts', 'sh', '-c', rename, ...command.argv] }
}

/** Captures are public: nothing in them names this machine or who uses it. */
function expectNoTrace({ exchanges }: Capture, scratch: string): void {
  const names = [hostname(), scratch, REPOSITORY, userInfo().homedir].filter((name) => name.length > 1)
  const isNamed = (name: string, text: string) => new RegExp(`\\b${name.replace(/[^\w]/g, '\\$&')}\\b`).test(text)
  const traced = exchanges.flatMap(({ request }) => names.filter((name) => isNamed(name, request)))
  if (traced.length > 0) throw new Error(`The requests name ${[...new Set(traced)].join(', ')}: they are not kept`)
}

await main()
process.disconnect?.()
