import { lookup } from 'node:dns/promises'
import net from 'node:net'

/** Not of the public Internet: https://www.iana.org/assignments/iana-ipv4-special-registry/ */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]
/** Of IPv6 only 2000::/3 is public, but for these: https://www.iana.org/assignments/iana-ipv6-special-registry/ */
const PUBLIC_IPV6 = ['2000::/3']
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

const special = rangesOf([...SPECIAL_IPV4, ...SPECIAL_IPV6])
const publicIpv6 = rangesOf(PUBLIC_IPV6)

export interface EgressAddress {
  address: string
  family: 4 | 6
  /** True when the operator named it, so that it is trusted like the installation itself. */
  isAllowed: boolean
}

/**
 * The address to which a request to `hostname` goes. Whoever connects must connect to it and never resolve again, or a
 * name could point elsewhere meanwhile. Null when the name leads nowhere, or only to addresses that are neither public
 * nor among `allowed` (addresses and ranges).
 */
export async function resolveEgress(hostname: string, allowed: readonly string[]): Promise<EgressAddress | null> {
  const ranges = rangesOf(allowed)
  for (const { address, family } of await addressesOf(hostname)) {
    const version = family === 6 ? 'ipv6' : 'ipv4'
    // An IPv4 address in IPv6 notation is no public IPv6 address, and so is refused with the rest.
    const isAllowed = ranges.check(address, version)
    const isPublic = !special.check(address, version) && (family === 4 || publicIpv6.check(address, version))
    if (isAllowed || isPublic) return { address, family, isAllowed }
  }
  return null
}

async function addressesOf(hostname: string): Promise<{ address: string; family: 4 | 6 }[]> {
  const literal = hostname.replace(/^\[|\]$/g, '')
  const family = net.isIP(literal)
  if (family !== 0) return [{ address: literal, family: family as 4 | 6 }]
  try {
    const found = await lookup(hostname, { all: true })
    return found.map((entry) => ({ address: entry.address, family: entry.family as 4 | 6 }))
  } catch {
    // A name that does not resolve now may do so at the next attempt; until then there is nowhere to go.
    return []
  }
}

function rangesOf(ranges: readonly string[]): net.BlockList {
  const list = new net.BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    const version = net.isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, version)
    else list.addSubnet(address, Number(bits), version)
  }
  return list
}
