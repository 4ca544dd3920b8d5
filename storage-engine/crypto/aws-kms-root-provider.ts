import { z } from 'zod'
import { type AwsCredentials, signAwsRequest } from '#storage-engine/crypto/aws-signature.ts'
import { createKeyServiceClient, quoteReply } from '#storage-engine/crypto/key-service-client.ts'
import { createRemoteRootProvider } from '#storage-engine/crypto/remote-root-provider.ts'
import type { RootKeyEntry, RootProvider } from '#storage-engine/crypto/root-provider.ts'
import { nameRootKey } from '#storage-engine/crypto/root-record.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import { StartupError } from '#storage-engine/errors.ts'

/** https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-ARN */
const KEY_ARN = /^arn:aws[a-z-]*:kms:(?<region>[a-z0-9-]{1,32}):(?<account>\d{12}):key\/(?<keyId>[A-Za-z0-9-]{1,64})$/

/** KMS's own material is rotated under one id, unseen, so a key has one version here. */
const KEY_VERSION = 1

export interface AwsKmsRootProviderInput {
  /** ARN of a symmetric key for encryption; aliases may come to mean another key, so they are refused. */
  keyArn: string
  /** ARNs of keys that wrapped before and still open. */
  oldKeyArns: string[]
  /** Null for the endpoint of each key's region. */
  endpoint: URL | null
  /** PEM; null for the system's authorities. */
  ca: string | null
  /** Asked at each call; keeps what it has found by itself. */
  findCredentials(): Promise<AwsCredentials>
  timeoutMs?: number
}

interface KmsKey {
  arn: string
  id: string
  region: string
}

const encrypted = z.object({ CiphertextBlob: z.base64(), KeyId: z.string() })
const decrypted = z.object({ Plaintext: z.base64(), KeyId: z.string() })
const refused = z.object({ __type: z.string(), message: z.string().optional(), Message: z.string().optional() })

/** What KMS says of a ciphertext that was altered, or made under another key or encryption context. */
const BROKEN = ['InvalidCiphertextException', 'IncorrectKeyException']

/**
 * The root key in AWS KMS, or in a service with its API: Encrypt and Decrypt with the context as encryption context, so
 * that CloudTrail tells which key was opened. KMS rotates a key's material by itself and opens what any of it wrapped; to
 * change to another key, name it and keep the one before among the old ones. Throws StartupError for a name that is no ARN.
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
 */
export function createAwsKmsRootProvider(input: AwsKmsRootProviderInput): RootProvider {
  const active = parseKeyArn(input.keyArn)
  const keys = [active, ...input.oldKeyArns.map(parseKeyArn)]
  const kms = createKms(input)

  return createRemoteRootProvider({
    kind: 'aws-kms',
    location: active.arn,
    rotation: null,
    active: async () => ({ id: active.id, version: KEY_VERSION }),
    list: async () => keys.map(({ id }, index) => entryOf(id, index === 0)),
    async encrypt({ context, plain }) {
      const fields = { Plaintext: plain.toString('base64'), EncryptionContext: contextOf(context) }
      const reply = await kms.ask('Encrypt', active, fields, encrypted)
      const rootKey = { id: active.id, version: KEY_VERSION }
      return { rootKey, ciphertext: Buffer.from(reply.CiphertextBlob, 'base64') }
    },
    async decrypt({ rootKey, ciphertext, context }) {
      const key = keys.find(({ id }) => id === rootKey.id)
      if (key === undefined) throw new SealBrokenError('This key was wrapped by a root key that is not here.')
      const fields = { CiphertextBlob: ciphertext.toString('base64'), EncryptionContext: contextOf(context) }
      return Buffer.from((await kms.ask('Decrypt', key, fields, decrypted)).Plaintext, 'base64')
    },
  })
}

/** A key that several regions share has one id in all of them, hence one name here. */
function parseKeyArn(arn: string): KmsKey {
  const { region = '', account = '', keyId = '' } = KEY_ARN.exec(arn)?.groups ?? {}
  if (keyId === '') throw new StartupError(`${quoteReply(arn)} is not the ARN of a KMS key: arn:aws:kms:…:key/…`)
  return { arn, id: nameRootKey('aws-kms', account, keyId), region }
}

function entryOf(id: string, isActive: boolean): RootKeyEntry {
  return { id, version: KEY_VERSION, state: isActive ? 'active' : 'decrypt-only', createdAt: null }
}

function contextOf(context: Buffer): Record<string, string> {
  return { sceau: context.toString('hex') }
}

function createKms({ endpoint, ca, findCredentials, timeoutMs }: AwsKmsRootProviderInput) {
  const send = createKeyServiceClient({ ca, ...(timeoutMs === undefined ? {} : { timeoutMs }) })
  return {
    async ask<T extends { KeyId: string }>(
      action: 'Encrypt' | 'Decrypt',
      key: KmsKey,
      fields: object,
      schema: z.ZodType<T>,
    ): Promise<T> {
      const url = endpoint ?? new URL(`https://kms.${key.region}.${suffixOf(key.arn)}`)
      const body = JSON.stringify({ KeyId: key.arn, ...fields })
      const headers = signAwsRequest({
        url,
        headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${action}` },
        body,
        credentials: await findCredentials(),
        region: key.region,
        service: 'kms',
        now: new Date(),
      })
      const { status, json } = await send({ method: 'POST', url, headers, body })
      if (status !== 200) throw refusalOf(status, json)
      const parsed = schema.safeParse(json)
      if (!parsed.success || parsed.data.KeyId !== key.arn) throw new Error(`The reply to ${action} is not one of KMS.`)
      return parsed.data
    },
  }
}

function suffixOf(arn: string): string {
  return arn.startsWith('arn:aws-cn:') ? 'amazonaws.com.cn' : 'amazonaws.com'
}

function refusalOf(status: number, json: unknown): Error {
  const reply = refused.safeParse(json).data
  const kind = quoteReply(reply?.__type.split('#').at(-1))
  if (BROKEN.includes(kind)) return new SealBrokenError('A wrapped key does not verify.')
  return new Error(`KMS answered ${status} ${kind}: ${quoteReply(reply?.message ?? reply?.Message)}`)
}
