/**
 * Sealed bytes that do not open: altered, cut, moved, or sealed under another key or for another place. Nothing of
 * them may be used. It says neither which check failed nor any byte of the content.
 */
export class SealBrokenError extends Error {
  override readonly name = 'SealBrokenError'
}
