// The x509 library needs these metadata before it loads.
import 'reflect-metadata'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import * as x509 from '@peculiar/x509'
import type { CertificateFiles } from '#storage-engine/tls.ts'
import { daysLeft } from '#storage-engine/tls.ts'
import { writeDurably } from '#storage-engine/write-durably.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MS = 86_400_000
const AUTHORITY_DAYS = 3_650
/** Clients refuse server certificates that live longer than 398 days. */
const LEAF_DAYS = 397
const LEAF_RENEWED_DAYS = 30
/** Clocks of clients may be a little behind. */
const BACKDATED_MS = 3_600_000
const ADDRESSES_MAX = 64

export interface LocalAuthorityInput {
  /** Folder of ca.pem, ca-key.pem, leaf.pem and leaf-key.pem; created when missing. */
  directory: string
  domain: string
  region: string
}

export interface LocalCertificate extends CertificateFiles {
  /** The file that clients are told to trust. */
  ca: string
}

/**
 * The certificate of an installation that was given none: made by an authority of its own on the first start, kept
 * after that, and renewed when it nears its end or when names or addresses of this host have changed.
 */
export async function ensureLocalCertificate({
  directory,
  domain,
  region,
}: LocalAuthorityInput): Promise<LocalCertificate> {
  fs.mkdirSync(directory, { recursive: true, mode: 0o755 })
  const file = (name: string): string => path.join(directory, name)
  const files = { ca: file('ca.pem'), cert: file('leaf.pem'), key: file('leaf-key.pem') }
  const authority = await findOrCreateAuthority({ cert: files.ca, key: file('ca-key.pem') })
  const names = subjectNames({ domain, region })
  if (!isLeafCurrent(files, { names, authority: authority.certificate })) await issueLeaf(files, { names, authority })
  return files
}

interface Authority {
  certificate: x509.X509Certificate
  privateKey: CryptoKey
}

async function findOrCreateAuthority(files: CertificateFiles): Promise<Authority> {
  if (
    fs.existsSync(files.cert) &&
    fs.existsSync(files.key) &&
    daysLeft(fs.readFileSync(files.cert, 'utf8')) > LEAF_DAYS
  ) {
    const certificate = new x509.X509Certificate(fs.readFileSync(files.cert, 'utf8'))
    return { certificate, privateKey: await importKey(fs.readFileSync(files.key, 'utf8')) }
  }
  const keys = await generateKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=Sceau local authority ${os.hostname().slice(0, 40)}, O=Sceau`,
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity(AUTHORITY_DAYS),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  await writeDurably(files.key, await exportKey(keys.privateKey), { mode: 0o600 })
  await writeDurably(files.cert, `${certificate.toString('pem')}\n`, { mode: 0o644 })
  return { certificate, privateKey: keys.privateKey }
}

interface LeafInput {
  names: x509.JsonGeneralName[]
  authority: Authority
}

async function issueLeaf(files: CertificateFiles, { names, authority }: LeafInput): Promise<void> {
  const keys = await generateKeys()
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=Sceau, O=Sceau',
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: ALGORITHM,
    ...validity(LEAF_DAYS),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
  })
  await writeDurably(files.key, await exportKey(keys.privateKey), { mode: 0o600 })
  await writeDurably(files.cert, `${certificate.toString('pem')}\n`, { mode: 0o644 })
}

/**
 * What this server is called. Clients accept one wildcard and only as the first label, and OpenSSL refuses it directly
 * before a top-level name: `bucket.namespace.s3…` and `bucket.localhost` need a certificate from outside, or path style.
 */
function subjectNames({ domain, region }: { domain: string; region: string }): x509.JsonGeneralName[] {
  const zone = `s3.${region}.${domain}`
  const hosts = ['localhost', '*.localhost', domain, `*.${domain}`, `s3.${domain}`, `*.s3.${domain}`, zone, `*.${zone}`]
  hosts.push(`*.s3-website.${region}.${domain}`, `*.s3-website-${region}.${domain}`)
  const hostname = os.hostname().toLowerCase()
  if (/^[a-z0-9.-]{1,253}$/.test(hostname)) hosts.push(hostname)
  return [
    ...[...new Set(hosts)].map((value) => ({ type: 'dns' as const, value })),
    ...hostAddresses().map((value) => ({ type: 'ip' as const, value })),
  ]
}

function hostAddresses(): string[] {
  const own = Object.values(os.networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const routable = own.filter(({ address, internal }) => !internal && !address.startsWith('fe80:'))
  const sorted = [...new Set(routable.map(({ address }) => address))].sort()
  return ['127.0.0.1', '::1', ...sorted].slice(0, ADDRESSES_MAX)
}

interface CurrentInput {
  names: x509.JsonGeneralName[]
  authority: x509.X509Certificate
}

function isLeafCurrent(files: CertificateFiles, { names, authority }: CurrentInput): boolean {
  if (!fs.existsSync(files.cert) || !fs.existsSync(files.key)) return false
  const pem = fs.readFileSync(files.cert, 'utf8')
  if (daysLeft(pem) < LEAF_RENEWED_DAYS) return false
  const leaf = new x509.X509Certificate(pem)
  const issuer = leaf.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId
  const current = leaf.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? []
  const wanted = new x509.SubjectAlternativeNameExtension(names).names.toJSON()
  return issuer === keyIdOf(authority) && digestOf(current) === digestOf(wanted)
}

function keyIdOf(certificate: x509.X509Certificate): string | undefined {
  return certificate.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId
}

function digestOf(names: x509.JsonGeneralName[]): string {
  const lines = names.map(({ type, value }) => `${type} ${value}`).sort()
  return createHash('sha256').update(lines.join('\n')).digest('hex')
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  const start = Date.now() - BACKDATED_MS
  return { notBefore: new Date(start), notAfter: new Date(start + days * DAY_MS) }
}

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}

async function exportKey(key: CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`
}

function importKey(pem: string): Promise<CryptoKey> {
  return crypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), ALGORITHM, false, ['sign'])
}
