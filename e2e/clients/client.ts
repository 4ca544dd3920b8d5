import type { Credentials } from '#e2e/signature.ts'

/** One S3 client program as the interoperability test drives it: every action is a command line of its own. */
export interface Client {
  name: string
  /** Installs what is missing. Throws ClientUnavailable when this machine cannot have it. */
  prepare(site: Site): Promise<ClientCommands>
}

/** Where the clients talk to, and where they live. */
export interface Site {
  endpoint: string
  caFile: string
  credentials: Credentials
  /** Where the bucket's name stands: in the path unless said otherwise. */
  addressing?: 'virtual'
  /** Kept between runs. */
  cacheDir: string
  /** Scratch directory of this client and run. */
  workDir: string
}

export interface Command {
  argv: string[]
  env?: Record<string, string>
  /** Receives standard output, as it is. */
  outputFile?: string
}

export interface ClientCommands {
  version: Command
  makeBucket(bucket: string): Command
  upload(input: { bucket: string; key: string; file: string }): Command
  download(input: { bucket: string; key: string; file: string }): Command
  syncUp(input: { bucket: string; prefix: string; directory: string }): Command
  syncDown(input: { bucket: string; prefix: string; directory: string }): Command
  /** Where syncDown puts the tree, when that is below `directory`. */
  syncedRoot?(input: { directory: string; source: string }): string
  list(input: { bucket: string; prefix: string }): Command
  /** How many objects `list` printed. */
  countListed(output: string): number
  remove(input: { bucket: string; key: string }): Command
  removeAll(input: { bucket: string; prefix: string }): Command
  /** Removes the bucket, which is empty by then. */
  removeBucket?(bucket: string): Command
  /** Prints a URL as the last line. */
  presign?: { GET?: (object: S3Object) => Command; PUT?: (object: S3Object) => Command }
}

export interface S3Object {
  bucket: string
  key: string
}

/** The client cannot be had on this machine; the message says what to install. */
export class ClientUnavailable extends Error {
  override readonly name = 'ClientUnavailable'
}

/** Counts lines that are not empty. */
export function countLines(output: string): number {
  return output.split('\n').filter((line) => line.trim() !== '').length
}
