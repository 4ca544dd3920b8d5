import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { ensureLocalCertificate } from '#storage-engine/local-authority.ts'
import { loadTlsOptions } from '#storage-engine/tls.ts'

export type VaultFault = 'none' | 'reset' | 'reset-once' | 'hang' | 'garbage' | 'huge' | 'denied' | 'sealed' | 'keyless'

export interface TestVault {
  address: string
  token: string
  /** Of an engine whose root key is this one's; each key name is another root key. */
  environmentFor(key: string): Record<string, string>
  /** PEM file of the authority of its certificate. */
  caFile: string
  /** What happens to every request from now on. */
  fault: VaultFault
  /** Requests so far. */
  requestCount: number
  keys: Map<string, TransitKey>
  close(): Promise<void>
}

interface TransitKey {
  type: string
  derived: boolean
  versions: Buffer[]
  minDecryptionVersion: number
}

const TOKEN = 'hvs.test-token'

/**
 * A stand-in for the transit engine, after https://openbao.org/api-docs/secret/transit: real AES-256-GCM with associated
 * data, versions and rotation, at mount `transit`, and faults on demand. Each key is made when it is first named. Certificate
 * and token are kept in `directory`.
 */
export async function startTestVault({ directory }: { directory: string }): Promise<TestVault> {
  const files = await ensureLocalCertificate({ directory, domain: 'localhost', region: 'us-east-1' })
  const tokenFile = path.join(directory, 'vault-token')
  fs.writeFileSync(tokenFile, `${TOKEN}\n`)
  const vault: Omit<TestVault, 'close'> = {
    address: '',
    token: TOKEN,
    environmentFor: (key) => ({
      SCEAU_ROOT_PROVIDER: 'vault',
      SCEAU_VAULT_ADDR: vault.address,
      SCEAU_VAULT_KEY: key,
      SCEAU_VAULT_TOKEN_FILE: tokenFile,
      SCEAU_VAULT_CA_FILE: files.ca,
    }),
    caFile: files.ca,
    fault: 'none',
    requestCount: 0,
    keys: new Map(),
  }
  const server = https.createServer(loadTlsOptions(files), (req, res) => {
    vault.requestCount++
    serve(vault, req, res).catch((error) => res.destroy(error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(vault, {
    address: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  })
}

type Answer = [status: number, body: object]

async function serve(vault: Omit<TestVault, 'close'>, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { fault } = vault
  if (fault === 'reset-once') vault.fault = 'none'
  if (fault === 'hang') return
  if (fault === 'reset' || fault === 'reset-once') {
    req.socket.destroy()
  } else if (fault === 'garbage') {
    res.end('<html>It works!</html>')
  } else {
    const [status, body] = refuse(vault, req) ?? obey(vault, req.url ?? '', await readJson(req))
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
}

function refuse({ fault }: Pick<TestVault, 'fault'>, req: IncomingMessage): Answer | null {
  if (fault === 'huge') return [200, { data: { ciphertext: 'x'.repeat(100_000) } }]
  if (fault === 'sealed') return [503, { errors: ['Vault is sealed'] }]
  if (fault === 'keyless') return [400, { errors: ['encryption key not found'] }]
  const isAllowed = fault !== 'denied' && req.headers['x-vault-token'] === TOKEN
  return isAllowed ? null : [403, { errors: ['permission denied'] }]
}

function obey(vault: Pick<TestVault, 'keys'>, path: string, fields: Record<string, string>): Answer {
  const [, , mount, verb = '', name = '', act = ''] = path.split('/')
  if (mount !== 'transit') return [404, { errors: ['no handler for route'] }]
  const key = keyOf(vault, name)
  if (verb === 'encrypt') return [200, { data: encrypt(key, fields) }]
  if (verb === 'decrypt') return decrypt(key, fields)
  if (verb === 'keys' && act === 'rotate') key.versions.push(randomBytes(32))
  if (verb === 'keys' && act === 'config') key.minDecryptionVersion = Number(fields['min_decryption_version'])
  return [200, { data: describe(key) }]
}

function keyOf(vault: Pick<TestVault, 'keys'>, name: string): TransitKey {
  const found = vault.keys.get(name) ?? {
    type: 'aes256-gcm96',
    derived: false,
    versions: [randomBytes(32)],
    minDecryptionVersion: 1,
  }
  vault.keys.set(name, found)
  return found
}

function encrypt(key: TransitKey, fields: Record<string, string>): object {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key.versions.at(-1) as Buffer, nonce)
  cipher.setAAD(Buffer.from(fields['associated_data'] ?? '', 'base64'))
  const content = [nonce, cipher.update(Buffer.from(fields['plaintext'] ?? '', 'base64')), cipher.final()]
  const sealed = Buffer.concat([...content, cipher.getAuthTag()])
  return { ciphertext: `vault:v${key.versions.length}:${sealed.toString('base64')}`, key_version: key.versions.length }
}

function decrypt(key: TransitKey, fields: Record<string, string>): Answer {
  const [, version = '', content = ''] = (fields['ciphertext'] ?? '').split(':')
  const number = Number(version.slice(1))
  const material = key.versions[number - 1]
  if (material === undefined || number < key.minDecryptionVersion) {
    return [400, { errors: ['ciphertext or signature version is disallowed by policy (too old)'] }]
  }
  const sealed = Buffer.from(content, 'base64')
  try {
    const decipher = createDecipheriv('aes-256-gcm', material, sealed.subarray(0, 12))
    decipher.setAAD(Buffer.from(fields['associated_data'] ?? '', 'base64'))
    decipher.setAuthTag(sealed.subarray(sealed.length - 16))
    const plain = Buffer.concat([decipher.update(sealed.subarray(12, sealed.length - 16)), decipher.final()])
    return [200, { data: { plaintext: plain.toString('base64') } }]
  } catch {
    return [400, { errors: ['cipher: message authentication failed'] }]
  }
}

function describe(key: TransitKey): object {
  return {
    type: key.type,
    derived: key.derived,
    latest_version: key.versions.length,
    min_decryption_version: key.minDecryptionVersion,
    keys: Object.fromEntries(
      key.versions
        .map((_, index) => [index + 1, 1_700_000_000 + index])
        .filter(([each = 0]) => each >= key.minDecryptionVersion),
    ),
  }
}

async function readJson(req: IncomingMessage): Promise<Record<string, string>> {
  const pieces: Buffer[] = []
  for await (const piece of req as AsyncIterable<Buffer>) pieces.push(piece)
  const text = Buffer.concat(pieces).toString('utf8')
  return text === '' ? {} : JSON.parse(text)
}
