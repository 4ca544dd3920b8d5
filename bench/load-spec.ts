import type { S3Service } from '#e2e/s3-client.ts'

export type LoadOperation = 'PUT' | 'GET' | 'HEAD' | 'DELETE' | 'LIST' | 'PART' | 'MIXED' | 'CONNECT'

/** One stretch of load for a load process. */
export interface LoadSpec {
  service: S3Service
  bucket: string
  operation: LoadOperation
  /** Bytes of an object; for LIST, keys a page. */
  size: number
  connections: number
  /** No request starts after this time. */
  seconds: number
  /** Nor after this many; null is no limit. */
  requestsMax: number | null
  keyPrefix: string
  /** Written keys are spread over folders of a hundred. */
  folders: boolean
  /** Reads choose among, and deletes walk through, keys 0 … keyCount-1; mixed load writes behind them. */
  keyCount: number
  /** Writes and deletes take every so-manieth key from the first on, so that processes do not meet. */
  keyFirst: number
  keyStep: number
  /** Further query parameters: of a listing, or `uploadId` of a PART. */
  query: Record<string, string>
}

export interface LoadResult {
  requests: number
  failures: number
  /** First line and start of the body of the first failure; '' when there was none. */
  firstFailure: string
  /** Of request bodies for writes, of response bodies for reads. */
  bodyBytes: number
  /** From the first request's start to the last one's end. */
  seconds: number
  latencyCounts: number[]
  /** CPU of the load process itself. */
  cpuMicros: number
}

export type LoadCommand = { type: 'prepare'; spec: LoadSpec } | { type: 'run' } | { type: 'release' }
export type LoadAnswer =
  | { type: 'prepared' }
  | { type: 'done'; result: LoadResult }
  | { type: 'failed'; reason: string }
