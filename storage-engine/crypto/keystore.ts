/**
 * Keeps shred tokens: small secrets outside of Postgres, each of which a namespace key needs besides the root key, so that
 * destroying one destroys the key in every backup of the database, too. What it is given is sealed by the root provider.
 * Calls are idempotent unless they say otherwise. Everything throws ServiceUnavailable while the store is not there.
 */
export interface Keystore {
  /** Adds a token, or replaces its record in one step; durable when it resolves. */
  write(tokenId: string, record: Buffer): Promise<void>
  /** Null when there is no such token: it was destroyed. */
  read(tokenId: string): Promise<Buffer | null>
  /** Overwrites and removes a token for good; durable when it resolves. */
  destroy(tokenId: string): Promise<void>
  /** The ids of all tokens, in no order. */
  list(): Promise<string[]>
}
