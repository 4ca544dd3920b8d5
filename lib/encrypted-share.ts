/** What is stored, in bytes and, where it is known, in objects. */
export interface Coverage {
  encryptedBytes: number
  plainBytes: number
  encryptedCount?: number
  plainCount?: number
}

/** The encrypted share, 0 to 1, by bytes; where every object is empty, their number speaks. Null where nothing is stored. */
export function encryptedShare(coverage: Coverage): number | null {
  const { encryptedBytes, plainBytes, encryptedCount = 0, plainCount = 0 } = coverage
  const isEmpty = encryptedBytes + plainBytes === 0
  const [encrypted, plain] = isEmpty ? [encryptedCount, plainCount] : [encryptedBytes, plainBytes]
  return encrypted + plain === 0 ? null : encrypted / (encrypted + plain)
}
