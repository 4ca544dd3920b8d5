/**
 * Keeps the installation's root key (L0) and never gives it out. Every implementation passes
 * `root-provider.conformance.ts`. All calls may be slow and may fail; results are cached above (keyring.ts).
 *
 * `wrap` and `unwrap` throw SealBrokenError when a record does not open (altered, other context, unknown root key);
 * any other error means that the provider is out of reach, and the keyring answers ServiceUnavailable for it.
 */
export interface RootProvider {
  kind: RootProviderKind
  /** Where the key is, for people: a path, a URL, an ARN. Never key material, never a credential. */
  location: string
  /** Wraps 32 bytes under the active root key, bound to `context` (see key-context.ts). */
  wrap(input: { context: Buffer; key: Buffer }): Promise<Buffer>
  /** Unwraps under whichever root key wrapped it. */
  unwrap(input: { context: Buffer; record: Buffer }): Promise<Buffer>
  /** The root key that new wraps use: a name that may be shown, never key material. */
  active(): Promise<RootKeyName>
  /** Every root key that opens records here, the active one first, then from new to old. */
  list(): Promise<RootKeyEntry[]>
  /** Resolves when keys can be wrapped and unwrapped now; rejects with the reason when not. */
  health(): Promise<void>
  /** Null where only whoever runs the installation can change the key. */
  rotation: RootRotation | null
}

export type RootProviderKind = 'file' | 'env' | 'aws-kms' | 'vault' | 'pkcs11'

/**
 * Makes and takes away root keys. One call at a time in the whole installation: the caller holds a lock for it.
 * StorageError InvalidRequest, LimitExceeded or ServiceUnavailable says why something cannot be done.
 */
export interface RootRotation {
  /** Makes a new root key and activates it, durably; the one before it opens what it wrapped, and wraps nothing more. */
  rotate(): Promise<RootKeyName>
  /** Takes away a key that is not active: what it wrapped never opens again. Of a key that is gone already, does nothing. */
  retire(name: RootKeyName): Promise<void>
}

export interface RootKeyName {
  /** UUID. */
  id: string
  version: number
}

export interface RootKeyEntry extends RootKeyName {
  state: 'active' | 'decrypt-only'
  /** Null where the provider does not tell. */
  createdAt: Date | null
}
