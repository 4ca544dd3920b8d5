import { open } from 'node:fs/promises'
import { z } from 'zod'
import { createKeyServiceClient, quoteReply } from '#storage-engine/crypto/key-service-client.ts'
import { createRemoteRootProvider, type RemoteCipher } from '#storage-engine/crypto/remote-root-provider.ts'
import type { RootKeyEntry, RootProvider, RootRotation } from '#storage-engine/crypto/root-provider.ts'
import { nameRootKey } from '#storage-engine/crypto/root-record.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import { StorageError } from '#storage-engine/errors.ts'

const TOKEN_BYTES_MAX = 4096
const PREFIX = 'vault:v'

export interface VaultRootProviderInput {
  /** `https://host:port` */
  address: URL
  /** Path of the transit engine, without slashes at its ends. */
  mount: string
  key: string
  /** Of Vault Enterprise and OpenBao; null for the root namespace. */
  namespace: string | null
  /** Read at each use, since agents renew tokens. */
  tokenFile: string
  /** PEM; null for the system's authorities. */
  ca: string | null
  timeoutMs?: number
}

const version = z.int().min(1).max(0xffffffff)
const encrypted = z.object({
  data: z.object({ ciphertext: z.string().regex(/^vault:v[1-9]\d{0,9}:[A-Za-z0-9+/]+={0,2}$/) }),
})
const decrypted = z.object({ data: z.object({ plaintext: z.base64() }) })
const description = z.object({
  data: z.object({
    type: z.string(),
    derived: z.boolean().default(false),
    latest_version: version,
    min_decryption_version: z.int().min(0).max(0xffffffff),
    /** Version → seconds since the epoch. */
    keys: z.record(z.string(), z.unknown()),
  }),
})
const refused = z.object({ errors: z.array(z.string()) })
/** Nothing, or the key as it is now. */
const anything = z.unknown()

type KeyDescription = z.output<typeof description>['data']

/**
 * The root key in a transit engine of HashiCorp Vault or OpenBao: a key of type aes256-gcm96, never exported. The
 * context goes along as associated data. https://openbao.org/api-docs/secret/transit
 */
export function createVaultRootProvider(input: VaultRootProviderInput): RootProvider {
  const { mount, key, namespace } = input
  const id = nameRootKey('vault', namespace ?? '', mount, key)
  const transit = createTransit(input)
  const describe = async () => checkKey((await transit.ask('GET', `keys/${key}`, null, description)).data)
  let isChecked = false

  const cipher: RemoteCipher = {
    kind: 'vault',
    location: `${input.address.origin}/v1/${mount}/keys/${key}${namespace === null ? '' : ` (namespace ${namespace})`}`,
    rotation: createRotation({ id, key, transit, describe }),
    async active() {
      return { id, version: (await describe()).latest_version }
    },
    async list() {
      return listVersions(id, await describe())
    },
    async encrypt({ context, plain }) {
      if (!isChecked) await describe()
      isChecked = true
      const fields = { plaintext: plain.toString('base64'), associated_data: context.toString('base64') }
      const { ciphertext } = (await transit.ask('POST', `encrypt/${key}`, fields, encrypted)).data
      const [number = '', content = ''] = ciphertext.slice(PREFIX.length).split(':')
      return { rootKey: { id, version: version.parse(Number(number)) }, ciphertext: Buffer.from(content, 'base64') }
    },
    async decrypt({ rootKey, ciphertext, context }) {
      if (rootKey.id !== id) throw new SealBrokenError('This key was wrapped by a root key that is not here.')
      const fields = {
        ciphertext: `${PREFIX}${rootKey.version}:${ciphertext.toString('base64')}`,
        associated_data: context.toString('base64'),
      }
      const reply = await transit.ask('POST', `decrypt/${key}`, fields, decrypted)
      return Buffer.from(reply.data.plaintext, 'base64')
    },
  }
  return createRemoteRootProvider({ ...cipher, decrypt: tellBrokenFromDown(cipher) })
}

/**
 * The service answers 400 to what does not open and to much else, and its words differ between versions. When it opens
 * what it wraps, it is the record that is broken.
 */
function tellBrokenFromDown(cipher: RemoteCipher): RemoteCipher['decrypt'] {
  return async (input) => {
    try {
      return await cipher.decrypt(input)
    } catch (error) {
      if (!(error instanceof TransitRefusal) || error.status !== 400) throw error
      await createRemoteRootProvider(cipher).health()
      throw new SealBrokenError('A wrapped key does not verify.', { cause: error })
    }
  }
}

function createRotation(input: {
  id: string
  key: string
  transit: Transit
  describe(): Promise<KeyDescription>
}): RootRotation {
  const { id, key, transit, describe } = input
  return {
    async rotate() {
      await transit.ask('POST', `keys/${key}/rotate`, {}, anything)
      return { id, version: (await describe()).latest_version }
    },
    async retire(name) {
      const oldest = (await listVersions(id, await describe())).at(-1) as RootKeyEntry
      if (name.id !== id || name.version < oldest.version) return
      if (oldest.state === 'active') throw refuseToRetire('The active root key cannot be retired: rotate it first.')
      if (name.version > oldest.version) {
        throw refuseToRetire(`Vault retires versions from the oldest on: retire version ${oldest.version} first.`)
      }
      await transit.ask('POST', `keys/${key}/config`, { min_decryption_version: oldest.version + 1 }, anything)
    },
  }
}

function refuseToRetire(message: string): StorageError {
  return new StorageError('InvalidRequest', { message })
}

function checkKey(key: KeyDescription): KeyDescription {
  if (key.type !== 'aes256-gcm96')
    throw new Error(`The transit key is of type ${quoteReply(key.type)}, not aes256-gcm96.`)
  if (key.derived) throw new Error('The transit key is a derived one: make one with derived=false.')
  return key
}

/** From new to old, without those that open nothing any more. */
function listVersions(id: string, key: KeyDescription): RootKeyEntry[] {
  const oldest = Math.max(key.min_decryption_version, 1)
  const versions = Object.keys(key.keys)
    .map(Number)
    .sort((a, b) => b - a)
  return versions
    .filter((each) => each >= oldest && each <= key.latest_version)
    .map((each) => ({
      id,
      version: each,
      state: each === key.latest_version ? 'active' : 'decrypt-only',
      createdAt: readTime(key.keys[each]),
    }))
}

function readTime(seconds: unknown): Date | null {
  return typeof seconds === 'number' && Number.isSafeInteger(seconds) ? new Date(seconds * 1000) : null
}

/** The service answered, and the answer is no. */
class TransitRefusal extends Error {
  override readonly name = 'TransitRefusal'
  readonly status: number

  constructor(status: number, reason: string) {
    super(`Vault answered ${status}: ${reason}`)
    this.status = status
  }
}

interface Transit {
  ask<T>(method: 'GET' | 'POST', path: string, fields: object | null, schema: z.ZodType<T>): Promise<T>
}

function createTransit({ address, mount, namespace, tokenFile, ca, timeoutMs }: VaultRootProviderInput): Transit {
  const send = createKeyServiceClient({ ca, ...(timeoutMs === undefined ? {} : { timeoutMs }) })
  return {
    async ask(method, path, fields, schema) {
      const { status, json } = await send({
        method,
        url: new URL(`/v1/${mount}/${path}`, address),
        headers: {
          'content-type': 'application/json',
          'x-vault-request': 'true',
          'x-vault-token': await readToken(tokenFile),
          ...(namespace === null ? {} : { 'x-vault-namespace': namespace }),
        },
        body: fields === null ? '' : JSON.stringify(fields),
      })
      if (status !== 200 && status !== 204) {
        throw new TransitRefusal(status, quoteReply(refused.safeParse(json).data?.errors[0]))
      }
      const parsed = schema.safeParse(json)
      if (!parsed.success) throw new Error(`Vault's reply to ${path} is not one of the transit engine.`)
      return parsed.data
    },
  }
}

async function readToken(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TOKEN_BYTES_MAX), 0, TOKEN_BYTES_MAX, 0)
    const token = buffer.toString('latin1', 0, bytesRead).trim()
    if (!/^[\x21-\x7e]+$/.test(token)) throw new Error(`The file ${path} holds no token.`)
    return token
  } finally {
    await file.close()
  }
}
