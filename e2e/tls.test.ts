import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { connect, type SecureVersion } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Product, startProduct } from '#e2e/product.ts'

let product: Product
beforeAll(async () => {
  product = await startProduct()
}, 120_000)
afterAll(() => product.stop())

const doors = [
  ['S3', () => new URL(product.endpoint)],
  ['console', () => new URL(product.consoleUrl)],
] as const

/** The version that was agreed on, or the error's code. The client is willing to do anything. */
function handshake({ hostname, port }: URL, version: SecureVersion): Promise<string> {
  return new Promise((resolve) => {
    const ca = readFileSync(product.caFile)
    const range = { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' }
    const socket = connect({ host: hostname, port: Number(port), ca, ...range })
    socket.once('secureConnect', () => {
      resolve(socket.getProtocol() ?? 'none')
      socket.destroy()
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}

function plainRequest({ hostname, port }: URL): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    get({ host: hostname, port, path: '/' }, (res) => {
      let text = ''
      res.on('data', (chunk: Buffer) => {
        text += chunk
      })
      res.on('end', () => resolve({ status: res.statusCode ?? 0, text }))
    }).once('error', reject)
  })
}

describe.each(doors)('the %s port', (_, address) => {
  it.each(['TLSv1', 'TLSv1.1'] as const)('refuses %s', async (version) => {
    expect(await handshake(address(), version)).toMatch(/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/)
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('accepts %s with a certificate that our CA vouches for', async (version) => {
    expect(await handshake(address(), version)).toBe(version)
  })

  it('tells a client that speaks plain HTTP what to do', async () => {
    const { status, text } = await plainRequest(address())
    expect(status).toBe(400)
    expect(text).toContain('https://')
  })
})

const sslscan = await promisify(execFile)('sslscan', ['--version']).then(
  () => true,
  () => false,
)

describe.skipIf(!sslscan).each(doors)('sslscan of the %s port', (_, address) => {
  it('finds old protocols disabled and no weak cipher', { timeout: 60_000 }, async () => {
    const { stdout } = await promisify(execFile)('sslscan', ['--no-colour', address().host])
    for (const version of ['SSLv2', 'SSLv3', 'TLSv1.0', 'TLSv1.1']) {
      expect(stdout).toMatch(new RegExp(`^${version.replace('.', '\\.')} +disabled$`, 'm'))
    }
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
      expect(stdout).toMatch(new RegExp(`^${version.replace('.', '\\.')} +enabled$`, 'm'))
    }
    const ciphers = [...stdout.matchAll(/^(?:Preferred|Accepted) +\S+ +(\d+) bits +(\S+)/gm)]
    expect(ciphers.length).toBeGreaterThan(3)
    for (const [line, bits, name = ''] of ciphers) {
      expect(Number(bits), line).toBeGreaterThanOrEqual(128)
      expect(name).toMatch(/GCM|CHACHA20/)
    }
    expect(stdout).not.toMatch(/Compression enabled|Insecure|Secure client-initiated/)
    expect(stdout).toContain('not vulnerable to heartbleed')
  })
})
