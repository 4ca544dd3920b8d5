import type { IncomingMessage } from 'node:http'
import type { BlockList } from 'node:net'
import { clientAddressOf } from '#storage-engine/auth/client-address.ts'

/**
 * Headers by which Next's parts, and this server and Next, speak to each other, or which a proxy adds: from outside they
 * could only be forged. https://github.com/advisories/GHSA-f82v-jwr5-mffw shows what comes of believing them.
 */
const INTERNAL_HEADERS =
  /^(x-middleware-.*|x-nextjs-.*|x-sceau-address|x-sceau-path|x-request-id|x-nonce|content-security-policy|x-forwarded-.*|forwarded|x-real-ip)$/

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

export interface CleanHeadersInput {
  requestId: string
  trustedProxies: BlockList | null
}

/** Replaces what only this server may say by what it knows: the request's id and who sent it. */
export function cleanHeaders(request: IncomingMessage, { requestId, trustedProxies }: CleanHeadersInput): void {
  const forwarded = new Map([['x-forwarded-for', String(request.headers['x-forwarded-for'] ?? '')]])
  const address = clientAddressOf(request.socket.remoteAddress ?? '', forwarded, trustedProxies)
  for (const name of Object.keys(request.headers)) {
    if (INTERNAL_HEADERS.test(name)) delete request.headers[name]
  }
  request.rawHeaders = cleanRawHeaders(request.rawHeaders)
  request.headers['x-request-id'] = requestId
  request.headers['x-sceau-address'] = address
}

/**
 * Whether a request may change something: it reads only, or the browser says that one of the console's own pages sent it.
 * Both headers are the browser's own, which no page can set.
 */
export function isFromConsole(request: IncomingMessage): boolean {
  if (SAFE_METHODS.has(request.method ?? '')) return true
  const { host, origin } = request.headers
  return host !== undefined && origin === `https://${host}` && request.headers['sec-fetch-site'] === 'same-origin'
}

/** Headers of every answer. Pages get their Content-Security-Policy, with a nonce, from proxy.ts. */
export function securityHeaders(request: IncomingMessage, requestId: string): Record<string, string> {
  const isApi = request.url?.startsWith('/api/') ?? false
  return {
    'x-request-id': requestId,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    ...(isApi ? { 'content-security-policy': "default-src 'none'; frame-ancestors 'none'" } : {}),
    ...(isLocalhost(request.headers.host) ? {} : { 'strict-transport-security': 'max-age=31536000' }),
  }
}

/** There it would bind every other server of the person's machine, whatever its port. */
function isLocalhost(host: string | undefined): boolean {
  return /^([a-z0-9-]+\.)*localhost(:\d+)?$/i.test(host ?? '')
}

function cleanRawHeaders(rawHeaders: string[]): string[] {
  const cleaned: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name, value] = rawHeaders.slice(index, index + 2) as [string, string]
    if (!INTERNAL_HEADERS.test(name.toLowerCase())) cleaned.push(name, value)
  }
  return cleaned
}
