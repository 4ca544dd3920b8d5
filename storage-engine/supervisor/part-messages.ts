import type { MetricObjectWithValues, MetricValue } from 'prom-client'

/** A process that the supervisor keeps alive. */
export type Role = 'gateway' | 'jobs' | 'console'

/** What a part tells the supervisor over the IPC channel. */
export type PartMessage =
  | { type: 'ready' }
  /** It cannot start for a reason that the operator must remove; the process ends. */
  | { type: 'failed'; message: string }
  | { type: 'report'; id: number; report: PartReport }

/** What the supervisor tells a part. */
export type SupervisorMessage = { type: 'stop' } | { type: 'report'; id: number }

export interface PartReport {
  /** Whether it can do its work now: listening, and the database answers. */
  isReady: boolean
  /** Whether it can use the root key now; without, namespaces that are not encrypted are still served. */
  hasRootKey: boolean
  metrics: MetricObjectWithValues<MetricValue<string>>[]
}
