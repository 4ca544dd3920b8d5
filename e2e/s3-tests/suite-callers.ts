import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { type IssuedAccessKey, issueAccessKey } from '#storage-engine/accounts/issue-access-key.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { newId } from '#storage-engine/ids.ts'
import { getRootObjectUser, insertObjectUser } from '#storage-engine/metadata/accounts.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import { createNamedKey } from '#storage-engine/namespaces/named-keys.ts'

/** The suite seals objects with them when its configuration names no others. */
const NAMED_KEYS = ['testkey-1', 'testkey-2']

/** An object user as the suite's configuration names it. Its canonical id is what the suite calls the user id. */
interface Caller extends IssuedAccessKey {
  displayName: string
  userId: string
  email: string
}

/**
 * Everybody the suite acts as, in namespaces of their own: `main`, `alt` and `iam`, which is the root object user, share
 * one; the others are strangers to them and to each other.
 */
export interface SuiteCallers {
  main: Caller
  alt: Caller
  iam: Caller
  tenant: Caller & { namespace: string }
  iamRoot: Caller
  iamAltRoot: Caller
}

export async function createSuiteCallers(
  engine: Engine,
  { encryptionMode }: { encryptionMode: 'on' | 'off' },
): Promise<SuiteCallers> {
  const label = randomBytes(4).toString('hex')
  const create = async (kind: string, rootCanonicalId: string, accountId: string) => {
    const name = `${kind}-${label}`
    const input = { name, displayName: name, encryptionMode, email: `root@${name}.example`, rootCanonicalId, accountId }
    return { name, email: input.email, ...(await createNamespace(engine, input)) }
  }
  // The suite wants ARNs without an account of `iam`, and takes the user id of the other two for their account's.
  const ids = Array.from({ length: 4 }, () => randomBytes(32).toString('hex')) as [string, string, string, string]
  const [shared, tenant, iamRoot, iamAltRoot] = [
    await create('suite', ids[0], ''),
    await create('tenant', ids[1], ''),
    await create('iam', ids[2], ids[2]),
    await create('iam-alt', ids[3], ids[3]),
  ]
  for (const name of NAMED_KEYS) await createNamedKey(engine, { namespaceId: shared.namespaceId, name })
  return {
    main: await createUser(engine, shared, 'main'),
    alt: await createUser(engine, shared, 'alt'),
    iam: await rootUserOf(engine, shared),
    tenant: { ...(await createUser(engine, tenant, 'tenant')), namespace: tenant.name },
    iamRoot: await rootUserOf(engine, iamRoot),
    iamAltRoot: await rootUserOf(engine, iamAltRoot),
  }
}

interface Home {
  namespaceId: string
  name: string
  /** Of the root object user. */
  email: string
}

async function createUser(engine: Engine, { namespaceId, name }: Home, displayName: string): Promise<Caller> {
  const user = {
    id: newId(),
    namespaceId,
    canonicalId: randomBytes(32).toString('hex'),
    displayName,
    email: `${displayName}@${name}.example`,
  }
  await insertObjectUser(engine.db, user)
  const key = await issueAccessKey(engine, { namespaceId, objectUserId: user.id })
  return { ...key, displayName, userId: user.canonicalId, email: user.email }
}

async function rootUserOf(engine: Engine, { namespaceId, email }: Home): Promise<Caller> {
  const user = await getRootObjectUser(engine.db, { namespaceId })
  const key = await issueAccessKey(engine, { namespaceId, objectUserId: user.id })
  return { ...key, displayName: user.displayName, userId: user.canonicalId, email }
}

export interface SuiteConfiguration {
  port: number
  region: string
  callers: SuiteCallers
  /** Beside STANDARD. */
  storageClasses: string[]
  /** How long a day of a lifecycle rule lasts. */
  daySeconds: number
}

/** Writes what the suite reads at S3TEST_CONF. It holds secrets, of an installation that lives as long as the run. */
export async function writeSuiteConfiguration(file: string, configuration: SuiteConfiguration): Promise<void> {
  const { port, region, callers, storageClasses, daySeconds } = configuration
  const sections: Record<string, Record<string, string | number>> = {
    DEFAULT: { host: '127.0.0.1', port, is_secure: 'True', ssl_verify: 'True' },
    fixtures: {
      'bucket prefix': 'suite-{random}-',
      'iam name prefix': 's3-tests-',
      'iam path prefix': '/s3-tests/',
    },
    's3 main': {
      ...sectionOf(callers.main),
      api_name: region,
      lc_debug_interval: daySeconds,
      ...(storageClasses.length > 0 && { storage_classes: storageClasses.join(', ') }),
    },
    's3 alt': sectionOf(callers.alt),
    's3 tenant': { ...sectionOf(callers.tenant), tenant: callers.tenant.namespace },
    iam: sectionOf(callers.iam),
    'iam root': sectionOf(callers.iamRoot),
    'iam alt root': sectionOf(callers.iamAltRoot),
  }
  const text = Object.entries(sections).map(([title, values]) => {
    const lines = Object.entries(values).map(([name, value]) => `${name} = ${value}\n`)
    return `[${title}]\n${lines.join('')}`
  })
  await writeFile(file, text.join('\n'), { mode: 0o600 })
}

function sectionOf(caller: Caller): Record<string, string> {
  return {
    display_name: caller.displayName,
    user_id: caller.userId,
    email: caller.email,
    access_key: caller.accessKeyId,
    secret_key: caller.secretAccessKey,
  }
}
