import { createHash, getFips, setFips } from 'node:crypto'
import { runSelfTest } from '#storage-engine/crypto/self-test.ts'
import { StartupError } from '#storage-engine/errors.ts'

/** Whether OpenSSL uses nothing but its FIPS provider: by our setting, or because the host asks for it. */
export function isFipsMode(): boolean {
  return getFips() === 1
}

/**
 * Lets OpenSSL use nothing but its FIPS provider, for the rest of this process; call it before anything else is digested
 * or sealed. Throws StartupError when there is no such provider, or it fails a self-test, and then changes nothing.
 * https://nodejs.org/api/crypto.html#fips-mode
 */
export function enterFipsMode(): void {
  const before = isFipsMode()
  try {
    // Without a provider this succeeds as well, and everything after it fails.
    setFips(true)
    runSelfTest()
    expectRefusal('MD5', () => createHash('md5'))
  } catch (cause) {
    setFips(before)
    throw new StartupError(
      `SCEAU_FIPS=on, but OpenSSL has no FIPS provider that works (${(cause as Error).message}). Install a validated one and name its configuration in OPENSSL_CONF, or unset SCEAU_FIPS.`,
      { cause },
    )
  }
}

function expectRefusal(name: string, use: () => unknown): void {
  try {
    use()
  } catch {
    return
  }
  throw new Error(`${name} is not refused`)
}
