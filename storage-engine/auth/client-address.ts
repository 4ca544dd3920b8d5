import { BlockList, isIP } from 'node:net'
import { addRange } from '#storage-engine/auth/policy-condition.ts'
import type { Headers } from '#storage-engine/auth/wire-request.ts'

const HOPS_MAX = 32

/** Addresses of proxies whose X-Forwarded-For is believed; null when there are none. `ranges` are addresses or CIDRs. */
export function trustedProxiesOf(ranges: readonly string[]): BlockList | null {
  if (ranges.length === 0) return null
  const list = new BlockList()
  for (const range of ranges) if (!addRange(list, range)) throw new Error(`${range} is no address range`)
  return list
}

/**
 * Who sent the request: the socket's peer, unless that is a trusted proxy. Then X-Forwarded-For counts from its end, as far
 * as trusted proxies wrote it: whatever stands before that, anybody may have made up.
 */
export function clientAddressOf(peer: string, headers: Headers, trustedProxies: BlockList | null): string {
  let address = withoutMapping(peer)
  if (trustedProxies === null) return address
  const hops = (headers.get('x-forwarded-for') ?? '').split(',').slice(-HOPS_MAX)
  while (isTrusted(trustedProxies, address)) {
    const hop = withoutMapping(hops.pop()?.trim() ?? '')
    if (isIP(hop) === 0) return address
    address = hop
  }
  return address
}

function isTrusted(trustedProxies: BlockList, address: string): boolean {
  return isIP(address) !== 0 && trustedProxies.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')
}

/** `::ffff:10.0.0.1` is how a socket that listens on both families names an IPv4 peer. */
function withoutMapping(address: string): string {
  if (!address.startsWith('::')) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  return mapped === null ? address : (mapped[1] as string)
}
