import { randomBytes } from 'node:crypto'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { newId } from '#storage-engine/ids.ts'
import { insertWebhook, listWebhooks, type Webhook } from '#storage-engine/metadata/webhooks.ts'
import { resolveEgress } from '#storage-engine/namespaces/egress-address.ts'
import { WEBHOOK_NAME } from '#storage-engine/namespaces/webhook-arn.ts'

const URL_LENGTH_MAX = 2_048
const WEBHOOK_COUNT_MAX = 100
const SECRET_BYTES = 32

export interface RegisterWebhookInput {
  namespaceId: string
  /** Last field of its ARN: letters, digits, `_`, `-`; at most 64. */
  name: string
  /** https; http only to an address of SCEAU_WEBHOOK_ALLOWED_ADDRESSES. */
  url: string
}

/**
 * Lets notifications of a namespace's buckets go to a URL. The secret, 64 hexadecimal digits, signs what is sent; it is
 * shown now and never again. Throws InvalidArgument, WebhookAlreadyExists, TooManyWebhooks.
 */
export async function registerWebhook(
  engine: Engine,
  { namespaceId, name, url }: RegisterWebhookInput,
): Promise<{ secret: string }> {
  if (!WEBHOOK_NAME.test(name)) throw refuse('name', name, 'A name is 1 to 64 letters, digits, _ and -.')
  await checkUrl(engine, url)
  if ((await listWebhooks(engine.db, { namespaceId })).length >= WEBHOOK_COUNT_MAX) {
    throw new StorageError('TooManyWebhooks', { extra: { Limit: String(WEBHOOK_COUNT_MAX) } })
  }
  const id = newId()
  const secret = randomBytes(SECRET_BYTES).toString('hex')
  const sealedSecret = await engine.keyring.sealSecret({ ...secretPlace(id), plain: Buffer.from(secret) })
  if (!(await insertWebhook(engine.db, { id, namespaceId, name, url, sealedSecret }))) {
    throw new StorageError('WebhookAlreadyExists')
  }
  return { secret }
}

/** The secret of a webhook as it was shown when it was made. */
export async function openWebhookSecret(engine: Engine, { id, sealedSecret }: Webhook): Promise<string> {
  const plain = await engine.keyring.openSecret({ ...secretPlace(id), sealed: sealedSecret })
  return plain.toString()
}

function secretPlace(id: string) {
  return { purpose: 'credential', context: `webhook ${id}` } as const
}

/** The address is looked at again, and pinned, at each delivery. */
async function checkUrl({ config }: Engine, text: string): Promise<void> {
  const url = text.length <= URL_LENGTH_MAX && URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw refuse(
      'url',
      text.slice(0, URL_LENGTH_MAX),
      `A URL starts with https:// and has at most ${URL_LENGTH_MAX} characters.`,
    )
  }
  if (url.username !== '' || url.password !== '') throw refuse('url', url.host, 'A URL holds no credentials.')
  const target = await resolveEgress(url.hostname, config.webhookAllowedAddresses)
  if (target === null) {
    throw refuse('url', text, 'The host has no public address, nor one of SCEAU_WEBHOOK_ALLOWED_ADDRESSES.')
  }
  if (url.protocol === 'http:' && !target.isAllowed) {
    throw refuse('url', text, 'Only to addresses of SCEAU_WEBHOOK_ALLOWED_ADDRESSES may a webhook go without TLS.')
  }
}

function refuse(name: string, value: string, message: string): StorageError {
  return new StorageError('InvalidArgument', { message, extra: { ArgumentName: name, ArgumentValue: value } })
}
