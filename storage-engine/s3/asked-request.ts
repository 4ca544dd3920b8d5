import type { IncomingMessage } from 'node:http'
import type { Authentication } from '#storage-engine/auth/authenticate.ts'
import type { Principal } from '#storage-engine/auth/principal.ts'
import type { Headers, Query } from '#storage-engine/auth/wire-request.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { ObjectVersion } from '#storage-engine/metadata/object-versions.ts'

/** What an action is done to. */
export interface AccessTarget {
  bucket: Bucket
  /** Null: the bucket itself. */
  key: string | null
  /** Null when it is known that there is none; absent when nobody has looked, because the action does not depend on it. */
  object?: ObjectVersion | null
}

/** What an answer may depend on, besides who asks and for what. */
export interface AskedRequest {
  principal: Principal
  authentication: Authentication
  /** As AWS spells it. */
  operation: string
  /** With those that a presigner hid in the query. */
  headers: Headers
  query: Query
  /** As the URL has it; null for the service. */
  bucketName: string | null
  /** For the connection that it came over. */
  req: IncomingMessage
  /** The client's address, as far as listed proxies can be believed. */
  sourceIp: string
  region: string
  /** Milliseconds since the epoch. */
  now(): number
}

/** What only an operation knows of its request, as condition keys in lower case. */
export type Facts = ReadonlyMap<string, readonly string[]>

/** In the place of facts while the document is not read that will say them: whoever it may let pass passes for now. */
export type Unread = 'unread'
