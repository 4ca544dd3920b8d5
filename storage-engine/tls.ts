import { constants, createPrivateKey, X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import type { SecureContextOptions } from 'node:tls'
import { createSecureContext } from 'node:tls'
import type { Config } from '#storage-engine/config.ts'
import { isFipsMode } from '#storage-engine/crypto/fips-mode.ts'
import { StartupError } from '#storage-engine/errors.ts'
import type { Logger } from '#storage-engine/log.ts'

const DAY_MS = 86_400_000
const EXPIRY_WARNING_DAYS = 21
const WATCH_INTERVAL_MS = 5_000

/** Forward secrecy and authenticated encryption only; AES first, since it is in the hardware of servers. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
]
/** FIPS knows neither ChaCha20 nor X25519. */
const NOT_APPROVED = /CHACHA20/
const CURVES = { fips: 'P-256:P-384', otherwise: 'X25519:P-256:P-384' }

/** Where a certificate (leaf first, then its chain) and its private key lie, both PEM. */
export interface CertificateFiles {
  cert: string
  key: string
}

/** Of a serving process. Throws StartupError when the settings name none: there is no serving without TLS. */
export function certificateFilesOf({ tlsCert, tlsKey }: Pick<Config, 'tlsCert' | 'tlsKey'>): CertificateFiles {
  if (tlsCert !== null && tlsKey !== null) return { cert: tlsCert, key: tlsKey }
  throw new StartupError(
    'No certificate: start with `sceau serve`, which makes one, or set SCEAU_TLS_CERT and SCEAU_TLS_KEY.',
  )
}

/** What `https.createServer` and `server.setSecureContext` take. */
export type TlsOptions = SecureContextOptions & { cert: string; key: string; honorCipherOrder: boolean }

/**
 * Reads a certificate and its key into the options of every TLS server of ours: 1.2 and 1.3, no renegotiation.
 * Throws StartupError when a file cannot be read, is not PEM, or when the two do not belong together.
 */
export function loadTlsOptions(files: CertificateFiles): TlsOptions {
  const options: TlsOptions = {
    cert: readPem(files.cert),
    key: readPem(files.key),
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: (isFipsMode() ? CIPHERS.filter((name) => !NOT_APPROVED.test(name)) : CIPHERS).join(':'),
    honorCipherOrder: true,
    ecdhCurve: isFipsMode() ? CURVES.fips : CURVES.otherwise,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  }
  try {
    if (!new X509Certificate(options.cert).checkPrivateKey(createPrivateKey(options.key))) {
      throw new Error('they do not belong together')
    }
    createSecureContext(options)
  } catch (cause) {
    const { message } = cause as Error
    throw new StartupError(`The certificate ${files.cert} and the key ${files.key} cannot be used: ${message}.`, {
      cause,
    })
  }
  return options
}

function readPem(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code
    throw new StartupError(`${file} cannot be read (${reason}): check the path and the rights.`, { cause })
  }
}

export interface WatchCertificateInput {
  files: CertificateFiles
  /** Called with the new options; usually `server.setSecureContext`. */
  onChange: (options: TlsOptions) => void
  log: Logger
  intervalMs?: number
}

/**
 * Hands over a renewed certificate without a restart. While the two files do not fit (one of them was replaced so far)
 * the old one stays in use. Warns three weeks before expiry. Returns the function that ends the watch.
 */
export function watchCertificate({
  files,
  onChange,
  log,
  intervalMs = WATCH_INTERVAL_MS,
}: WatchCertificateInput): () => void {
  let current = loadTlsOptions(files)
  warnOfExpiry(current, log)
  const reload = (): void => {
    try {
      const next = loadTlsOptions(files)
      if (next.cert === current.cert && next.key === current.key) return
      current = next
      onChange(next)
      log.info({ cert: files.cert }, 'the TLS certificate was reloaded')
    } catch (err) {
      if (!(err instanceof StartupError)) throw err
      log.warn({ err }, 'the changed TLS certificate is not used yet')
    }
  }
  const paths = [files.cert, files.key]
  for (const file of paths) fs.watchFile(file, { interval: intervalMs, persistent: false }, reload)
  const daily = setInterval(() => warnOfExpiry(current, log), DAY_MS).unref()
  return () => {
    clearInterval(daily)
    for (const file of paths) fs.unwatchFile(file, reload)
  }
}

/** Whole days until the certificate ends; negative when it has. */
export function daysLeft(cert: string, now = Date.now()): number {
  return Math.floor((Date.parse(new X509Certificate(cert).validTo) - now) / DAY_MS)
}

function warnOfExpiry({ cert }: TlsOptions, log: Logger): void {
  const days = daysLeft(cert)
  if (days < EXPIRY_WARNING_DAYS) log.warn({ days }, 'the TLS certificate ends soon: renew it')
}
