import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { enterFipsMode, isFipsMode } from '#storage-engine/crypto/fips-mode.ts'
import { StartupError } from '#storage-engine/errors.ts'

// The whole suite may run with a provider: NODE_OPTIONS=--enable-fips OPENSSL_CONF=… npm test
if (isFipsMode()) {
  it('is entered with a FIPS provider: what seals works, and OpenSSL refuses MD5', () => {
    expect(() => enterFipsMode()).not.toThrow()
    expect(isFipsMode()).toBe(true)
    expect(() => createHash('md5')).toThrow()
  })
} else {
  it('is refused without a FIPS provider, in one line that says what to do, and changes nothing', () => {
    expect(() => enterFipsMode()).toThrow(StartupError)
    expect(() => enterFipsMode()).toThrow(
      /^SCEAU_FIPS=on, but OpenSSL has no FIPS provider that works \(.+\)\..+OPENSSL_CONF.+$/,
    )
    expect(isFipsMode()).toBe(false)
    expect(createHash('md5').update('').digest('hex')).toBe('d41d8cd98f00b204e9800998ecf8427e')
  })
}
