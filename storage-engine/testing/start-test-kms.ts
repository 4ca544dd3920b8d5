import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AwsCredentials } from '#storage-engine/crypto/aws-signature.ts'
import { signHeaders } from '#storage-engine/testing/signed-request.ts'

export type KmsFault = 'none' | 'reset' | 'reset-once' | 'hang' | 'garbage' | 'huge' | 'other-key'

export interface TestKms {
  endpoint: string
  credentials: AwsCredentials & { secretAccessKey: string }
  fault: KmsFault
  /** ARN → its material; a key that is null is disabled. */
  keys: Map<string, Buffer | null>
  /** Makes a key and returns its ARN. */
  createKey(region?: string): string
  close(): Promise<void>
}

type Fields = { KeyId: string; Plaintext?: string; CiphertextBlob?: string; EncryptionContext: Record<string, string> }
type Answer = [status: number, body: object]

/**
 * A stand-in for Encrypt and Decrypt of AWS KMS, after its API reference: real AES-256-GCM bound to the encryption
 * context, signatures checked by a signer of the tests' own, and faults on demand.
 */
export async function startTestKms(): Promise<TestKms> {
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: randomBytes(20).toString('hex') }
  const kms: Omit<TestKms, 'close' | 'endpoint'> = {
    credentials,
    fault: 'none',
    keys: new Map(),
    createKey(region = 'us-east-1') {
      const arn = `arn:aws:kms:${region}:111122223333:key/${randomBytes(16).toString('hex')}`
      kms.keys.set(arn, randomBytes(32))
      return arn
    },
  }
  const server = http.createServer((req, res) => {
    serve(kms, req, res).catch((error) => res.destroy(error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(kms, {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  })
}

async function serve(
  kms: Pick<TestKms, 'credentials' | 'fault' | 'keys'>,
  req: http.IncomingMessage,
  res: http.ServerResponse,
): Promise<void> {
  const { fault } = kms
  if (fault === 'reset-once') kms.fault = 'none'
  if (fault === 'hang') return
  if (fault === 'reset' || fault === 'reset-once') {
    req.socket.destroy()
    return
  }
  const pieces: Buffer[] = []
  for await (const piece of req as AsyncIterable<Buffer>) pieces.push(piece)
  const body = Buffer.concat(pieces).toString('utf8')
  const [status, answer] = isSigned(kms, req, body) ? obey(kms, req, JSON.parse(body)) : UNSIGNED
  res.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
  res.end(fault === 'garbage' ? '<html>' : JSON.stringify(answer) + (fault === 'huge' ? ' '.repeat(70_000) : ''))
}

const UNSIGNED: Answer = [
  400,
  { __type: 'InvalidSignatureException', message: 'The request signature does not match.' },
]

function isSigned({ credentials }: Pick<TestKms, 'credentials'>, req: http.IncomingMessage, body: string): boolean {
  const authorization = req.headers.authorization ?? ''
  const [, region = ''] = /Credential=AKIATEST\/\d{8}\/([a-z0-9-]+)\/kms\//.exec(authorization) ?? []
  const [, names = ''] = /SignedHeaders=([^,]+)/.exec(authorization) ?? []
  const own = ['x-amz-date', 'x-amz-content-sha256']
  const signed = names.split(';').filter((name) => !own.includes(name))
  const { headers } = signHeaders({
    method: 'POST',
    target: '/',
    headers: Object.fromEntries(signed.map((name) => [name, String(req.headers[name])])),
    payloadHash: createHash('sha256').update(body).digest('hex'),
    credentials,
    date: String(req.headers['x-amz-date']),
    region,
    service: 'kms',
  })
  return headers['authorization'] === authorization
}

function obey({ fault, keys }: Pick<TestKms, 'fault' | 'keys'>, req: http.IncomingMessage, fields: Fields): Answer {
  const material = keys.get(fields.KeyId)
  const KeyId = fault === 'other-key' ? `${fields.KeyId}0` : fields.KeyId
  if (material === undefined)
    return [400, { __type: 'NotFoundException', message: `Key '${fields.KeyId}' does not exist` }]
  if (material === null) return [400, { __type: 'DisabledException', message: `${fields.KeyId} is disabled.` }]
  const aad = Buffer.from(JSON.stringify(fields.EncryptionContext))
  if (req.headers['x-amz-target'] === 'TrentService.Encrypt') {
    const plain = Buffer.from(fields.Plaintext ?? '', 'base64')
    return [200, { KeyId, CiphertextBlob: encrypt(material, aad, plain).toString('base64') }]
  }
  const plain = decrypt(material, aad, Buffer.from(fields.CiphertextBlob ?? '', 'base64'))
  if (plain === null) return [400, { __type: 'com.amazonaws.kms#InvalidCiphertextException' }]
  return [200, { KeyId, Plaintext: plain.toString('base64') }]
}

function encrypt(material: Buffer, aad: Buffer, plain: Buffer): Buffer {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', material, nonce).setAAD(aad)
  // A ciphertext of KMS is longer than what it holds by about 150 bytes.
  return Buffer.concat([randomBytes(100), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

function decrypt(material: Buffer, aad: Buffer, blob: Buffer): Buffer | null {
  const sealed = blob.subarray(100)
  if (sealed.length < 28) return null
  try {
    const decipher = createDecipheriv('aes-256-gcm', material, sealed.subarray(0, 12)).setAAD(aad)
    decipher.setAuthTag(sealed.subarray(sealed.length - 16))
    return Buffer.concat([decipher.update(sealed.subarray(12, sealed.length - 16)), decipher.final()])
  } catch {
    return null
  }
}
