import type { KeyObject } from 'node:crypto'
import { createOpener, type FloeOpener } from '#storage-engine/crypto/floe.ts'

interface KeptOpener {
  header: Buffer
  aad: Buffer
  opener: FloeOpener
}

/** The message that each key opened last, for as long as somebody keeps the key itself. */
const keptOpeners = new WeakMap<KeyObject, KeptOpener>()

/**
 * createOpener, but for a message that was opened last by the very same key: whoever reads a hot object again, or a large one
 * range after range, need not derive its keys again. Keeps copies, so header and aad may be overwritten.
 */
export function openerFor(input: { key: KeyObject; aad: Buffer; header: Buffer }): FloeOpener {
  const kept = keptOpeners.get(input.key)
  if (kept?.header.equals(input.header) && kept.aad.equals(input.aad)) return kept.opener
  // Memory of its own: a view of Node's pool would keep all of the pool for as long as the key lives.
  const memory = Buffer.allocUnsafeSlow(input.header.length + input.aad.length)
  const header = memory.subarray(0, input.header.copy(memory))
  const aad = memory.subarray(header.length)
  input.aad.copy(aad)
  const opener = createOpener({ key: input.key, aad, header })
  keptOpeners.set(input.key, { header, aad, opener })
  return opener
}
