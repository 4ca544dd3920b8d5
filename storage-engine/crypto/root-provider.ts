/**
 * Keeps the installation's root key (L0) and never gives it out. Every implementation passes
 * `root-provider.conformance.ts`. All calls may be slow and may fail; results are cached above (keyring.ts).
 *
 * `wrap` and `unwrap` throw SealBrokenError when a record does not open (altered, other context, unknown root key);
 * any other error means that the provider is out of reach, and the keyring answers ServiceUnavailable for it.
 */
export interface RootProvider {
  /** Wraps 32 bytes under the active root key, bound to `context` (see key-context.ts). */
  wrap(input: { context: Buffer; key: Buffer }): Promise<Buffer>
  /** Unwraps under whichever root key wrapped it. */
  unwrap(input: { context: Buffer; record: Buffer }): Promise<Buffer>
  /** The root key that new wraps use: a name that may be shown, never key material. */
  active(): Promise<RootKeyName>
  /** Resolves when keys can be wrapped and unwrapped now; rejects with the reason when not. */
  health(): Promise<void>
}

export interface RootKeyName {
  /** UUID. */
  id: string
  version: number
}
