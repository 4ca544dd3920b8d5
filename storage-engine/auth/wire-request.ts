/** A request as it came over the wire, one character a byte: what signatures cover. */
export interface WireRequest {
  method: string
  /** Undecoded path of the request target, always with its leading slash. */
  rawPath: string
  query: Query
  headers: Headers
  /** The bucket that the host names, in virtual-hosted style; null when it stands in the path, or nowhere. */
  hostBucket: string | null
  /** Of a body that was read already, by the door whose clients sign the hash without sending it: hexadecimal SHA-256. */
  bodySha256?: string
}

/** By lower-case name; several lines of one name are joined with a comma. One character a byte. */
export type Headers = ReadonlyMap<string, string>

export interface Query {
  /** In the order of the request target, percent-decoded. */
  pairs: readonly (readonly [name: string, value: string])[]
  /** The first value of each name. */
  values: ReadonlyMap<string, string>
}
