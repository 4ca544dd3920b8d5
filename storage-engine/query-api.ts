import type { IncomingMessage, ServerResponse } from 'node:http'

/** A request that shares the S3 port, and where its answer goes. */
export interface QueryExchange {
  req: IncomingMessage
  res: ServerResponse
  requestId: string
  /** The client sends its body only when told to, and has not been told. */
  awaitsContinue: boolean
  /** The answer ends its connection. */
  isDraining: boolean
  /** Of a key whose signature was verified. */
  noteKeyUse(accessKeyId: string, service: string): void
}

/**
 * IAM and STS, which clients reach on the S3 endpoint: requests that name an action in a form or a query, and no bucket.
 * The root that starts the port hands it to the S3 door, since doors do not know each other.
 */
export interface QueryApi {
  /** Whether a request is one of these; by its method, its target and its content type alone. */
  takes(req: IncomingMessage): boolean
  /** Answers it. Never rejects. */
  handle(exchange: QueryExchange): Promise<void>
}
