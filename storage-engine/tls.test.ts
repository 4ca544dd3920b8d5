import { X509Certificate } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import fs from 'node:fs'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ensureLocalCertificate } from '#storage-engine/local-authority.ts'
import { createLog } from '#storage-engine/log.ts'
import { loadTlsOptions, watchCertificate } from '#storage-engine/tls.ts'

const log = createLog({ level: 'fatal', role: 'test' })
let directory: string
const servers: https.Server[] = []

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sceau-tls-'))
})
afterEach(() => {
  vi.useRealTimers()
  for (const server of servers.splice(0)) server.close()
  fs.rmSync(directory, { recursive: true })
})

const ensure = (input: { domain?: string; region?: string } = {}) =>
  ensureLocalCertificate({ directory, domain: 'localhost', region: 'us-east-1', ...input })
const readCertificate = (file: string) => new X509Certificate(fs.readFileSync(file))

async function serve() {
  const files = await ensure()
  const server = https.createServer(loadTlsOptions(files), (_, res) => res.end('ok')).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return { files, server, port: (server.address() as AddressInfo).port }
}

/** Resolves to the protocol that was agreed on, or rejects with the handshake's error. */
function connect(options: tls.ConnectionOptions): Promise<{ protocol: string | null; cipher: string; serial: string }> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', ...options }, () => {
      resolve({
        protocol: socket.getProtocol(),
        cipher: socket.getCipher().name,
        serial: socket.getPeerCertificate().serialNumber,
      })
      socket.end()
    })
    socket.on('error', reject)
  })
}

describe('the local authority', () => {
  it('issues a leaf that verifies for every name and address by the authority alone', async () => {
    const files = await ensure({ domain: 'store.example', region: 'fr-par' })
    const ca = readCertificate(files.ca)
    const leaf = readCertificate(files.cert)
    expect(leaf.checkIssued(ca) && leaf.verify(ca.publicKey)).toBe(true)
    expect(ca.ca).toBe(true)
    expect(leaf.ca).toBe(false)
    expect(leaf.checkHost('localhost')).toBe('localhost')
    expect(leaf.checkHost('s3.fr-par.store.example')).toBe('s3.fr-par.store.example')
    expect(leaf.checkHost('photos.s3.fr-par.store.example')).toBe('*.s3.fr-par.store.example')
    expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(leaf.checkIP('::1')).toBe('::1')
    expect(leaf.checkHost('example.org')).toBeUndefined()
  })

  it('keeps private keys to their owner', async () => {
    await ensure()
    for (const name of ['ca-key.pem', 'leaf-key.pem'])
      expect(fs.statSync(path.join(directory, name)).mode & 0o777).toBe(0o600)
  })

  it('keeps authority and leaf at the next start', async () => {
    const files = await ensure()
    const before = [files.ca, files.cert, files.key].map((file) => fs.readFileSync(file, 'utf8'))
    await ensure()
    expect([files.ca, files.cert, files.key].map((file) => fs.readFileSync(file, 'utf8'))).toEqual(before)
  })

  it('issues a new leaf from the same authority when the names change', async () => {
    const files = await ensure()
    const [ca, leaf] = [readCertificate(files.ca), readCertificate(files.cert)]
    await ensure({ domain: 'store.example' })
    expect(readCertificate(files.ca).serialNumber).toBe(ca.serialNumber)
    expect(readCertificate(files.cert).serialNumber).not.toBe(leaf.serialNumber)
    expect(readCertificate(files.cert).verify(ca.publicKey)).toBe(true)
  })

  it('renews a leaf that ends within thirty days', async () => {
    const files = await ensure()
    const leaf = readCertificate(files.cert)
    vi.useFakeTimers({ now: Date.now() + 368 * 86_400_000, toFake: ['Date'] })
    await ensure()
    expect(readCertificate(files.cert).serialNumber).not.toBe(leaf.serialNumber)
  })
})

describe('a TLS server of ours', () => {
  it.each(['TLSv1', 'TLSv1.1'] as const)('refuses %s', async (version) => {
    const { port } = await serve()
    // Security level 0 lets this client offer what OpenSSL no longer does by itself; in FIPS mode it cannot even.
    const old = { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0', rejectUnauthorized: false }
    await expect(connect({ port, ...old })).rejects.toMatchObject({
      code: expect.stringMatching(/PROTOCOL_VERSION|NO_SUITABLE_DIGEST/),
    })
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'accepts %s with forward secrecy and authenticated encryption',
    async (version) => {
      const { port, files } = await serve()
      const ca = fs.readFileSync(files.ca)
      const agreed = await connect({ port, ca, minVersion: version, maxVersion: version })
      expect(agreed.protocol).toBe(version)
      expect(agreed.cipher).toMatch(version === 'TLSv1.3' ? /^TLS_AES_/ : /^ECDHE-ECDSA-AES\d+-GCM/)
    },
  )

  it('refuses a TLS 1.2 client without an authenticated cipher', async () => {
    const { port } = await serve()
    const weak = {
      maxVersion: 'TLSv1.2' as const,
      ciphers: 'ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0',
      rejectUnauthorized: false,
    }
    await expect(connect({ port, ...weak })).rejects.toMatchObject({ code: expect.stringMatching(/HANDSHAKE_FAILURE/) })
  })

  it('answers with a renewed certificate without a restart', async () => {
    const { server, files, port } = await serve()
    const ca = fs.readFileSync(files.ca)
    const before = await connect({ port, ca })
    const events = new EventEmitter()
    const stop = watchCertificate({
      files,
      log,
      intervalMs: 20,
      onChange: (options) => {
        server.setSecureContext(options)
        events.emit('changed')
      },
    })
    await Promise.all([once(events, 'changed'), ensure({ domain: 'store.example' })])
    stop()
    expect((await connect({ port, ca })).serial).not.toBe(before.serial)
  })
})

describe('loadTlsOptions', () => {
  it('refuses a key that belongs to another certificate', async () => {
    const { cert } = await ensure()
    expect(() => loadTlsOptions({ cert, key: path.join(directory, 'ca-key.pem') })).toThrow(/do not belong together/)
  })

  it('says which file is missing', async () => {
    const { key } = await ensure()
    expect(() => loadTlsOptions({ cert: '/nowhere/cert.pem', key })).toThrow(
      '/nowhere/cert.pem cannot be read (ENOENT)',
    )
  })

  it('refuses what is not PEM', async () => {
    const { key } = await ensure()
    const cert = path.join(directory, 'wrong.pem')
    fs.writeFileSync(cert, 'hello')
    expect(() => loadTlsOptions({ cert, key })).toThrow(/cannot be used/)
  })
})
