import { createHmac } from 'node:crypto'
import http from 'node:http'
import https from 'node:https'
import type { LookupFunction } from 'node:net'
import { type EgressAddress, resolveEgress } from '#storage-engine/namespaces/egress-address.ts'

const TIMEOUT_MS = 10_000

export interface WebhookMessage {
  url: string
  /** Signs what is sent. */
  secret: string
  /** Of the event: the same in every attempt. */
  eventId: number
  body: string
  /** Milliseconds since 1970. */
  now: number
}

/** How an attempt ended. `status` is null when there was no answer; `error` is null when it was a 2xx. */
export interface WebhookAnswer {
  status: number | null
  error: string | null
}

/**
 * Posts a message once. The connection goes to the address that was checked, whatever the name resolves to meanwhile;
 * nothing is followed, and of the answer only the status counts. Never rejects: whatever goes wrong is the answer.
 */
export async function postWebhook(message: WebhookMessage, allowed: readonly string[]): Promise<WebhookAnswer> {
  const url = new URL(message.url)
  const target = await resolveEgress(url.hostname, allowed)
  if (target === null) return { status: null, error: `${url.hostname} has no address to which webhooks may go` }
  if (url.protocol !== 'https:' && !target.isAllowed) return { status: null, error: 'Webhooks go over TLS' }
  try {
    const status = await post(url, target, message)
    const isDelivered = status >= 200 && status < 300
    return { status, error: isDelivered ? null : `answered ${status}` }
  } catch (error) {
    return { status: null, error: error instanceof Error ? error.message : String(error) }
  }
}

/** A receiver verifies HMAC-SHA256(secret, `<timestamp>.<body>`), and refuses old timestamps against replays. */
function headersOf({ secret, eventId, body, now }: WebhookMessage): Record<string, string | number> {
  const timestamp = Math.floor(now / 1000)
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
  return {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'User-Agent': 'Sceau-Webhook/1',
    'X-Sceau-Event-Id': eventId,
    'X-Sceau-Timestamp': timestamp,
    'X-Sceau-Signature': `sha256=${signature}`,
  }
}

function post(url: URL, { address, family }: EgressAddress, message: WebhookMessage): Promise<number> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? https.request : http.request
    const request = send(url, {
      method: 'POST',
      headers: headersOf(message),
      // A connection of its own: a kept one would outlive the check of its address.
      agent: false,
      lookup: pinnedTo(address, family),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    request.on('error', reject)
    request.on('response', (response) => {
      resolve(response.statusCode ?? 0)
      response.destroy()
    })
    request.end(message.body)
  })
}

function pinnedTo(address: string, family: 4 | 6): LookupFunction {
  return (_hostname, options, callback) => {
    if (options.all) callback(null, [{ address, family }])
    else callback(null, address, family)
  }
}
