import path from 'node:path'
import type { Config } from '#storage-engine/config.ts'
import type { Logger } from '#storage-engine/log.ts'
import type { Shutdown } from '#storage-engine/supervisor/shutdown.ts'
import { loadTlsOptions } from '#storage-engine/tls.ts'

const DAY_MS = 86_400_000

export interface ProvidedCertificate {
  /** The settings with the certificate files in them. */
  config: Config
  /** What clients must trust; null when the operator brought the certificate. */
  ca: string | null
}

/**
 * The operator's certificate, or one of our own, looked after every day. The processes that serve with it notice a renewal by
 * themselves. Throws StartupError when the operator's cannot be used.
 */
export async function provideCertificate(
  config: Config,
  { log, shutdown }: { log: Logger; shutdown: Shutdown },
): Promise<ProvidedCertificate> {
  if (config.tlsCert !== null && config.tlsKey !== null) {
    loadTlsOptions({ cert: config.tlsCert, key: config.tlsKey })
    return { config, ca: null }
  }
  const { ensureLocalCertificate } = await import('#storage-engine/local-authority.ts')
  const input = { directory: tlsDirectoryOf(config), domain: config.domain, region: config.region }
  const { ca, cert, key } = await ensureLocalCertificate(input)
  const renewal = setInterval(() => {
    ensureLocalCertificate(input).catch((err) => log.error({ err }, 'the local certificate could not be renewed'))
  }, DAY_MS)
  await shutdown.add(() => clearInterval(renewal))
  return { config: { ...config, tlsCert: cert, tlsKey: key }, ca }
}

function tlsDirectoryOf({ dataDir }: Config): string {
  return path.join(dataDir, 'tls')
}

/** The authority that clients of this installation must trust; null when the certificate was given. */
export function authorityFileOf(config: Config): string | null {
  return config.tlsCert === null ? path.join(tlsDirectoryOf(config), 'ca.pem') : null
}
