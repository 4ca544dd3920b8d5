import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { StartupError } from '#storage-engine/errors.ts'
import { KEY_SERVICE_PATHS, KEY_SERVICE_REQUIRED, keyServiceSettings } from '#storage-engine/key-service-settings.ts'
import { LOG_LEVELS } from '#storage-engine/log.ts'

const FILE_NAME = 'sceau.config.json'
const FILE_BYTES_MAX = 65_536
const PREFIX = 'SCEAU_'
/** Read elsewhere: the launcher's choice of Node, the secret of the `env` root provider, test and bench settings. */
const OTHER_NAMES = /^SCEAU_(?:RUNTIME|ROOT_KEY|ENTRY|(?:TEST|E2E|BENCH|CHAOS)_\w+)$/
const SECRET_KEYS: readonly string[] = ['databaseUrl']
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/

const filePath = z.string().min(1)
const wholeNumber = (min: number, max: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value),
    z.int('must be a whole number').min(min, `must be at least ${min}`).max(max, `must be at most ${max}`),
  )
const port = wholeNumber(1, 65_535)
const list = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value),
  z.array(filePath).min(1),
)

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html */
const AWS_STORAGE_CLASSES = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
]
const AWS_ARCHIVE_CLASSES = ['GLACIER', 'DEEP_ARCHIVE']
const classNames = list.refine((names) => (names as string[]).every((name) => /^[A-Z0-9_-]{1,64}$/.test(name)), {
  message: 'must be names of capital letters, digits, _ and -',
})
const DAY_SECONDS = 86_400

const settings = z
  .strictObject({
    dataDir: filePath.default('data'),
    nodes: list.optional(),
    redundancy: z.enum(['single']).default('single'),
    nodeFullPercent: wholeNumber(50, 100).default(95),
    s3Port: port.default(9000),
    consolePort: port.default(3000),
    metricsPort: port.default(9464),
    host: z.string().min(1).default('0.0.0.0'),
    domain: z.string().regex(HOST_NAME, 'must be a host name in lower case').default('localhost'),
    region: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be letters, digits and hyphens, in lower case')
      .default('us-east-1'),
    gateways: wholeNumber(1, 256).default(() => os.availableParallelism()),
    databaseUrl: z
      .string()
      .regex(/^postgres(?:ql)?:\/\//, 'must start with postgres://')
      .nullable()
      .default(null),
    rootProvider: z.enum(['file', 'env', 'aws-kms', 'vault', 'pkcs11']).default('file'),
    rootKeyFile: filePath.optional(),
    keystoreDir: filePath.optional(),
    ...keyServiceSettings,
    fips: z.enum(['on', 'off']).default('off'),
    tlsCert: filePath.nullable().default(null),
    tlsKey: filePath.nullable().default(null),
    logLevel: z.enum(LOG_LEVELS).default('info'),
    namespaceEncryption: z.enum(['on', 'off']).default('on'),
    garbageGraceSeconds: wholeNumber(0, 10 * 365 * 86_400).default(604_800),
    orphanGraceSeconds: wholeNumber(0, 10 * 365 * 86_400).default(3_600),
    jobIntervalSeconds: wholeNumber(1, 86_400).default(300),
    staleUploadDays: wholeNumber(1, 3_650).default(7),
    smallObjectBytes: wholeNumber(0, 1_048_576).default(262_144),
    storageClasses: classNames.default(AWS_STORAGE_CLASSES),
    archiveClasses: classNames.optional(),
    lifecycleDaySeconds: wholeNumber(1, DAY_SECONDS).default(DAY_SECONDS),
    lifecycleIntervalSeconds: wholeNumber(1, DAY_SECONDS).default(300),
    logDeliverySeconds: wholeNumber(1, 86_400).default(300),
    webhookAllowedAddresses: list
      .refine((items) => (items as string[]).every(isAddressRange), {
        message: 'must be addresses, or ranges as 10.0.0.0/8',
      })
      .default([]),
    trustedProxies: list
      .refine((items) => (items as string[]).every(isAddressRange), {
        message: 'must be addresses, or ranges as 10.0.0.0/8',
      })
      .default([]),
    sosapi: z.enum(['on', 'off']).default('on'),
    mode: z.enum(['production', 'development']),
  })
  .superRefine(checkTogether)

type Settings = z.output<typeof settings>
const KEYS = Object.keys(settings.shape).filter((key) => key !== 'mode')

/** Every setting of a process, read once. Paths are absolute; sizes are bytes. */
export interface Config extends Omit<Settings, 'nodes' | 'rootKeyFile' | 'keystoreDir' | 'archiveClasses'> {
  nodes: string[]
  rootKeyFile: string
  /** Of the shred tokens. */
  keystoreDir: string
  /** Those of `storageClasses` whose objects must be restored before they can be read. */
  archiveClasses: string[]
}

export interface ReadConfigInput {
  env: Record<string, string | undefined>
  /** Where sceau.config.json is looked for, and what relative paths start from. */
  directory: string
}

/**
 * Reads the settings from the environment (SCEAU_S3_PORT) and from sceau.config.json (s3Port); the environment wins and
 * an empty variable counts as absent. Throws one StartupError that lists everything wrong, without secrets.
 */
export function readConfig({ env, directory }: ReadConfigInput): Config {
  const file = readFile(path.join(directory, FILE_NAME))
  const given = { ...file, ...readEnvironment(env) }
  const mode = env['NODE_ENV'] === 'development' ? 'development' : 'production'
  const parsed = settings.safeParse({ ...given, mode })
  const mistakes = [
    ...unknownNames(Object.keys(file), { known: KEYS, where: `${FILE_NAME}: ` }),
    ...unknownNames(Object.keys(env).filter(isOurs), { known: KEYS.map(variableOf), where: '' }),
    ...(parsed.error?.issues.filter(({ code }) => code !== 'unrecognized_keys') ?? []).map((issue) =>
      describeIssue(issue, given),
    ),
  ]
  if (parsed.error !== undefined || mistakes.length > 0) throw refuse(mistakes)
  return resolvePaths(parsed.data, directory)
}

/** The environment that hands `config` on to a child process. */
export function environmentOf(config: Config): Record<string, string> {
  const entries = KEYS.map((key) => [variableOf(key), config[key as keyof Config]] as const)
  const present = entries.filter(([, value]) => value !== null)
  return Object.fromEntries(present.map(([name, value]) => [name, Array.isArray(value) ? value.join() : String(value)]))
}

function readFile(file: string): Record<string, unknown> {
  if (!fs.existsSync(file)) return {}
  if (fs.statSync(file).size > FILE_BYTES_MAX) throw refuse([`${FILE_NAME}: is larger than ${FILE_BYTES_MAX} bytes`])
  const object = z.record(z.string(), z.unknown()).safeParse(parseJson(fs.readFileSync(file, 'utf8')))
  if (!object.success) throw refuse([`${FILE_NAME}: must hold one JSON object`])
  return object.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function readEnvironment(env: ReadConfigInput['env']): Record<string, string> {
  const entries = KEYS.map((key) => [key, env[variableOf(key)]] as const)
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => Boolean(entry[1])))
}

/** s3Port → SCEAU_S3_PORT. The database keeps the name that everybody uses. */
function variableOf(key: string): string {
  const words = key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
  return key === 'databaseUrl' ? words : PREFIX + words
}

function isOurs(name: string): boolean {
  return name.startsWith(PREFIX) && !OTHER_NAMES.test(name)
}

function unknownNames(names: string[], { known, where }: { known: string[]; where: string }): string[] {
  return names
    .filter((name) => !known.includes(name))
    .map((name) => `${where}${name} is not a setting: did you mean ${nearest(name, known)}?`)
}

/** The known name with the smallest edit distance. */
function nearest(name: string, known: string[]): string {
  const ranked = known.map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
  ranked.sort((a, b) => a.distance - b.distance)
  return ranked[0]?.candidate ?? ''
}

/** Letters to add and to leave out: what is missing a word is nearer than what has another. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1]
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] as number) + (to[j - 1] === letter ? 0 : 2)
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row.at(-1) as number
}

function describeIssue(issue: z.core.$ZodIssue, given: Record<string, unknown>): string {
  const key = String(issue.path[0])
  const isShown = key in given && !SECRET_KEYS.includes(key)
  return `${variableOf(key)} ${issue.message}${isShown ? ` (it is ${JSON.stringify(given[key])})` : ''}`
}

function refuse(mistakes: string[]): StartupError {
  return new StartupError(`The configuration is wrong.\n${mistakes.map((mistake) => `  ${mistake}`).join('\n')}`)
}

function checkTogether(value: Settings, context: z.RefinementCtx): void {
  const complain = (key: keyof Settings, message: string) => context.addIssue({ code: 'custom', path: [key], message })
  if (value.consolePort === value.s3Port) complain('consolePort', 'must differ from SCEAU_S3_PORT')
  if ([value.s3Port, value.consolePort].includes(value.metricsPort)) {
    complain('metricsPort', 'must differ from SCEAU_S3_PORT and SCEAU_CONSOLE_PORT')
  }
  if ((value.tlsCert === null) !== (value.tlsKey === null)) {
    complain(value.tlsCert === null ? 'tlsCert' : 'tlsKey', 'is missing: certificate and key come together')
  }
  if (value.rootProvider === 'env' && value.mode === 'production') {
    complain('rootProvider', '"env" is for development (NODE_ENV=development): use "file"')
  }
  for (const key of KEY_SERVICE_REQUIRED[value.rootProvider]) {
    if (value[key] === null) complain(key, `is missing: SCEAU_ROOT_PROVIDER "${value.rootProvider}" needs it`)
  }
  if (new Set(value.nodes).size !== (value.nodes ?? []).length) complain('nodes', 'names a directory twice')
  if (value.lifecycleDaySeconds !== DAY_SECONDS && value.mode === 'production') {
    complain('lifecycleDaySeconds', 'is for development (NODE_ENV=development): a day has 86400 seconds')
  }
  checkStorageClasses(value, complain)
}

function isAddressRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const family = net.isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

function checkStorageClasses(value: Settings, complain: (key: keyof Settings, message: string) => void): void {
  const { storageClasses, archiveClasses = [] } = value
  if (!storageClasses.includes('STANDARD')) complain('storageClasses', 'must name STANDARD')
  if (new Set(storageClasses).size !== storageClasses.length) complain('storageClasses', 'names a class twice')
  if (archiveClasses.includes('STANDARD')) complain('archiveClasses', 'cannot name STANDARD')
  if (!archiveClasses.every((name) => storageClasses.includes(name))) {
    complain('archiveClasses', 'must be among SCEAU_STORAGE_CLASSES')
  }
}

function resolvePaths(value: Settings, directory: string): Config {
  const absolute = (file: string) => path.resolve(directory, file)
  const dataDir = absolute(value.dataDir)
  return {
    ...value,
    ...Object.fromEntries(KEY_SERVICE_PATHS.map((key) => [key, value[key] === null ? null : absolute(value[key])])),
    dataDir,
    nodes: value.nodes?.map(absolute) ?? [path.join(dataDir, 'nodes', '1')],
    archiveClasses: value.archiveClasses ?? AWS_ARCHIVE_CLASSES.filter((name) => value.storageClasses.includes(name)),
    rootKeyFile: value.rootKeyFile === undefined ? path.join(dataDir, 'root-keys.json') : absolute(value.rootKeyFile),
    keystoreDir: value.keystoreDir === undefined ? path.join(dataDir, 'keystore') : absolute(value.keystoreDir),
    tlsCert: value.tlsCert === null ? null : absolute(value.tlsCert),
    tlsKey: value.tlsKey === null ? null : absolute(value.tlsKey),
  }
}
