import { createMD5 } from 'hash-wasm'

const md5 = await createMD5()

/** MD5 by somebody else's code, to compare ours with: OpenSSL, which could, refuses it in FIPS mode. */
export function referenceMd5(content: string | Uint8Array): Buffer {
  return Buffer.from(md5.init().update(content).digest('binary'))
}
