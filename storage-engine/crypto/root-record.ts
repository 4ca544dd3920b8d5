import { parentOf } from '#storage-engine/crypto/key-wrap.ts'
import type { RootKeyName } from '#storage-engine/crypto/root-provider.ts'

/** Which root key wrapped a record, as the record says in clear. Throws SealBrokenError for what is no record. */
export function rootKeyOf(record: Buffer): RootKeyName {
  const { id, version } = parentOf(record)
  return { id: formatUuid(id), version }
}

function formatUuid(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}
