import fs from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Config } from '#storage-engine/config.ts'
import { readConfig } from '#storage-engine/config.ts'
import { enterFipsMode } from '#storage-engine/crypto/fips-mode.ts'
import { StartupError } from '#storage-engine/errors.ts'
import type { Role } from '#storage-engine/supervisor/part-messages.ts'

const HELP = `sceau: an S3-compatible object store that seals what it keeps

  sceau serve [--json]                     database, S3 gateways, jobs and console
  sceau s3 | jobs | console                one of them, beside a service or with DATABASE_URL
  sceau client-env [--namespace main] [--json]
                                           a fresh access key as shell variables: eval "$(sceau client-env)"
  sceau named-keys [--namespace main] [--json]
                   [--create | --rotate | --disable | --enable | --delete [--days 30] | --keep  NAME]
                                           the keys that clients may name for SSE-KMS; aws/s3 is the default one
  sceau webhooks   [--namespace main] [--json] [--create NAME --url URL | --delete NAME | --retry]
                                           where event notifications of the namespace's buckets may go
  sceau keys       [--json] [rotate-root | retire-root --confirm ID [--version N]]
                                           the root keys, and how much each of them wraps
  sceau keys       --namespace NAME [--json] [rotate | rewrap | retire --version N --confirm NAME]
                   [shred --confirm NAME [--days 21] | keep | record]
                                           the keys of a namespace; shred destroys them after that time, and its data
  sceau attest     [--namespace NAME] [--list FILE]
                                           a signed statement of what is sealed, and the list of blobs behind it
  sceau verify     --attestation FILE [--list FILE] [--public-key KEY] [--node DIRECTORY]… [--keys] [--json]
                                           compares it with the bytes on the nodes; needs no service, unless --keys
                                           opens every sealed blob, too. Ends with 2 when something was found
  sceau verify     --document FILE [--public-key KEY] [--json]
                                           whether a signed document, such as a destruction's record, is as it was signed
  sceau reset-password [--user admin] [--json]
                                           gives a user of the console a new password, and ends its sessions
  sceau version
  sceau help

Settings are environment variables (SCEAU_…) or keys of sceau.config.json; see README.md.
`
/** The namespace of a new installation. */
const MAIN = 'main'
const FOUND_SOMETHING = 2
type Values = ReturnType<typeof parse>['values']
const ROLES: Record<string, Role> = { s3: 'gateway', jobs: 'jobs', console: 'console' }

try {
  await run(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof StartupError)) throw error
  process.stderr.write(`${error.message}\n`)
  // The channel to whoever started us would keep this process alive.
  process.exit(1)
}

async function run(args: string[]): Promise<void> {
  const { positionals, values } = parse(args)
  const [command = 'help'] = positionals
  if (positionals.length > (command === 'keys' ? 2 : 1))
    throw new StartupError(`One command at a time: ${positionals.join(' ')}. See sceau help.`)
  if (command === 'help' || values.help) return print(HELP)
  if (command === 'version') return print(`sceau ${versionOf()}\n`)
  if (command === 'client-env') return printClientEnv(values)
  if (command === 'named-keys') return printNamedKeys(values)
  if (command === 'keys') return printKeys(positionals[1], values)
  if (command === 'webhooks') return printWebhooks(values)
  if (command === 'attest') return printAttestation(values)
  if (command === 'verify') return verify(values)
  if (command === 'reset-password') return printNewPassword(values)
  if (command === 'serve') return serveUntilStopped(null, values.json)
  const role = ROLES[command]
  if (role === undefined) throw new StartupError(`There is no command ${command}. See sceau help.`)
  return serveUntilStopped(role, values.json)
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        namespace: { type: 'string' },
        create: { type: 'string' },
        rotate: { type: 'string' },
        disable: { type: 'string' },
        enable: { type: 'string' },
        delete: { type: 'string' },
        keep: { type: 'string' },
        days: { type: 'string' },
        version: { type: 'string' },
        confirm: { type: 'string' },
        url: { type: 'string' },
        retry: { type: 'boolean', default: false },
        list: { type: 'string' },
        attestation: { type: 'string' },
        document: { type: 'string' },
        'public-key': { type: 'string' },
        node: { type: 'string', multiple: true, default: [] },
        keys: { type: 'boolean', default: false },
        user: { type: 'string', default: 'admin' },
        help: { type: 'boolean', default: false, short: 'h' },
      },
    })
  } catch (cause) {
    throw new StartupError(`${(cause as Error).message} See sceau help.`, { cause })
  }
}

function print(text: string): void {
  process.stdout.write(text)
}

async function printClientEnv({ namespace = MAIN, json }: { namespace?: string; json: boolean }): Promise<void> {
  const { createClientEnv, formatClientEnv } = await import('#storage-engine/client-env.ts')
  const { createLog } = await import('#storage-engine/log.ts')
  // Standard output belongs to the shell that evaluates it.
  const log = createLog({ level: 'warn', role: 'cli', destination: process.stderr })
  const clientEnv = await createClientEnv(currentConfig(), { namespace, log })
  print(json ? `${JSON.stringify(clientEnv)}\n` : formatClientEnv(clientEnv))
}

async function printNamedKeys(values: Values): Promise<void> {
  const { formatNamedKeys, NAMED_KEY_ACTS, runNamedKeysCommand } = await import('#storage-engine/named-keys-command.ts')
  const { createLog } = await import('#storage-engine/log.ts')
  const log = createLog({ level: 'warn', role: 'cli', destination: process.stderr })
  const verbs = NAMED_KEY_ACTS.filter((verb) => values[verb] !== undefined)
  if (verbs.length > 1) throw new StartupError(`One change at a time: --${verbs.join(', --')}. See sceau help.`)
  const [verb] = verbs
  const act = verb === undefined ? null : { verb, name: values[verb] as string }
  const { namespace = MAIN, days = '30', json } = values
  const keys = await runNamedKeysCommand(currentConfig(), { namespace, act, days: Number(days), log })
  print(json ? `${JSON.stringify(keys)}\n` : formatNamedKeys(keys))
}

async function printKeys(word: string | undefined, values: Values): Promise<void> {
  const { formatKeys, parseKeysAct, runKeysCommand } = await import('#storage-engine/keys-command.ts')
  const { createLog } = await import('#storage-engine/log.ts')
  const log = createLog({ level: 'warn', role: 'cli', destination: process.stderr })
  const { namespace = null, days = '21', confirm, json } = values
  const version = values.version === undefined ? undefined : Number(values.version)
  const command = { act: parseKeysAct(word), namespace, version, days: Number(days), confirm, log }
  const answer = await runKeysCommand(currentConfig(), command)
  print(json ? `${JSON.stringify(answer)}\n` : formatKeys(answer))
}

async function printWebhooks(values: Values): Promise<void> {
  const { formatWebhooks, runWebhooksCommand } = await import('#storage-engine/webhooks-command.ts')
  const { createLog } = await import('#storage-engine/log.ts')
  const log = createLog({ level: 'warn', role: 'cli', destination: process.stderr })
  const { namespace = MAIN, json, create, url, delete: doomed, retry } = values
  if ([create !== undefined, doomed !== undefined, retry].filter(Boolean).length > 1) {
    throw new StartupError('One change at a time: --create, --delete or --retry. See sceau help.')
  }
  if ((create === undefined) !== (url === undefined)) throw new StartupError('--create NAME and --url URL go together.')
  const result = await runWebhooksCommand(currentConfig(), {
    namespace,
    act:
      create !== undefined && url !== undefined
        ? { verb: 'create', name: create, url }
        : doomed !== undefined
          ? { verb: 'delete', name: doomed }
          : retry
            ? { verb: 'retry' }
            : null,
    log,
  })
  print(json ? `${JSON.stringify(result)}\n` : formatWebhooks(result))
}

async function printAttestation(values: Values): Promise<void> {
  const { runAttestCommand } = await import('#storage-engine/attestation-commands.ts')
  const { createLog } = await import('#storage-engine/log.ts')
  const log = createLog({ level: 'warn', role: 'cli', destination: process.stderr })
  const { namespace = null, list = null } = values
  print(`${JSON.stringify(await runAttestCommand(currentConfig(), { namespace, list, log }), null, 2)}\n`)
}

async function verify(values: Values): Promise<void> {
  const { formatSignedFile, formatVerifyReport, runVerifyCommand, runVerifyDocument } = await import(
    '#storage-engine/attestation-commands.ts'
  )
  const { createLog } = await import('#storage-engine/log.ts')
  const log = createLog({ level: 'warn', role: 'cli', destination: process.stderr })
  const { document, attestation, list = null, 'public-key': publicKey = null, node: nodes = [], keys, json } = values
  if (document !== undefined) {
    const file = runVerifyDocument({ document, publicKey })
    print(json ? `${JSON.stringify(file)}\n` : formatSignedFile(file))
    if (!file.isSigned) process.exitCode = FOUND_SOMETHING
    return
  }
  if (attestation === undefined) throw new StartupError('Say which attestation: --attestation FILE. See sceau help.')
  const report = await runVerifyCommand(currentConfig(), { attestation, list, publicKey, nodes, keys, log })
  print(json ? `${JSON.stringify(report)}\n` : formatVerifyReport(report))
  if (report.findingCount > 0) process.exitCode = FOUND_SOMETHING
}

async function printNewPassword({ user, json }: Values): Promise<void> {
  const { formatNewPassword, runResetPasswordCommand } = await import('#storage-engine/reset-password-command.ts')
  const { createLog } = await import('#storage-engine/log.ts')
  const log = createLog({ level: 'warn', role: 'cli', destination: process.stderr })
  const made = await runResetPasswordCommand(currentConfig(), { user, log })
  print(json ? `${JSON.stringify(made)}\n` : formatNewPassword(made))
}

/** The command line of the supervisor: start, say so, wait for the signal, stop in order. */
async function serveUntilStopped(only: Role | null, json: boolean): Promise<void> {
  const { runService } = await import('#storage-engine/supervisor/run-service.ts')
  const config = currentConfig()
  await runService({ config, only, json, version: versionOf(), programs: programsBesideThis() })
}

function currentConfig(): Config {
  const config = readConfig({ env: process.env, directory: process.cwd() })
  if (config.fips === 'on') enterFipsMode()
  return config
}

/** The sources when this file is run from them, the bundles when it is one. */
function programsBesideThis(): Record<Role | 'prepare', string> {
  const { dirname, filename } = import.meta
  const program = (name: string) => path.join(dirname, `${name}${path.extname(filename)}`)
  return {
    gateway: program('gateway'),
    jobs: program('worker'),
    console: program('console'),
    prepare: program('prepare'),
  }
}

function versionOf(): string {
  const file = path.join(import.meta.dirname, '..', 'package.json')
  return (JSON.parse(fs.readFileSync(file, 'utf8')) as { version: string }).version
}
