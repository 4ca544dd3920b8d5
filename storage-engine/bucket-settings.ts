import type { Acl, Tag } from '#storage-engine/object-settings.ts'

/**
 * Sub-resources of a bucket as they are stored, by name; an absent one was never set. Types only: every floor may see them.
 * A setting of a kind that a reader does not understand must never make access wider.
 */
export interface BucketSettings {
  acl?: Acl
  /** The policy's text exactly as it was put. */
  policy?: string
  /** Whoever put the policy confirmed that it may keep the bucket's owner from changing it. */
  policyBindsOwner?: true
  ownership?: 'BucketOwnerEnforced' | 'BucketOwnerPreferred' | 'ObjectWriter'
  publicAccessBlock?: PublicAccessBlock
  tags?: readonly Tag[]
  /** Its creator named us-east-1, which by default goes without saying: then its location says so, too. */
  namesRegion?: true
  objectLock?: ObjectLockConfiguration
  encryption?: BucketEncryption
  cors?: readonly CorsRule[]
  website?: WebsiteConfiguration
  lifecycle?: LifecycleConfiguration
  logging?: LoggingConfiguration
  notification?: NotificationConfiguration
  payer?: 'BucketOwner' | 'Requester'
  accelerate?: 'Enabled' | 'Suspended'
}

export interface PublicAccessBlock {
  blockPublicAcls: boolean
  ignorePublicAcls: boolean
  blockPublicPolicy: boolean
  restrictPublicBuckets: boolean
}

/** Set: the bucket has object lock, for ever. */
export interface ObjectLockConfiguration {
  defaultRetention?: { mode: 'GOVERNANCE' | 'COMPLIANCE'; days?: number; years?: number }
}

export interface BucketEncryption {
  algorithm: 'AES256' | 'aws:kms'
  kmsKeyId?: string
  isBucketKeyEnabled: boolean
  /** Encryption types that a PUT may not use, such as SSE-C. */
  blocked?: readonly string[]
}

export interface CorsRule {
  id?: string
  allowedOrigins: readonly string[]
  allowedMethods: readonly string[]
  allowedHeaders: readonly string[]
  exposeHeaders: readonly string[]
  maxAgeSeconds?: number
}

export interface WebsiteConfiguration {
  indexSuffix?: string
  errorKey?: string
  redirectAll?: { hostName: string; protocol?: 'http' | 'https' }
  routingRules?: readonly RoutingRule[]
}

export interface RoutingRule {
  keyPrefixEquals?: string
  httpErrorCodeReturnedEquals?: string
  redirect: {
    hostName?: string
    protocol?: 'http' | 'https'
    replaceKeyPrefixWith?: string
    replaceKeyWith?: string
    httpRedirectCode?: string
  }
}

export interface LifecycleConfiguration {
  rules: readonly LifecycleRule[]
  /** x-amz-transition-default-minimum-object-size. */
  transitionMinimum?: 'all_storage_classes_128K' | 'varies_by_storage_class'
}

export interface LifecycleRule {
  id: string
  isEnabled: boolean
  /** `form` keeps how the client wrote it, so that it reads back alike. */
  filter: {
    form: 'prefix' | 'filter' | 'filter-and'
    prefix?: string
    tags?: readonly Tag[]
    sizeGreaterThan?: number
    sizeLessThan?: number
  }
  expiration?: { days?: number; date?: string; expiredObjectDeleteMarker?: boolean }
  noncurrentExpiration?: { days: number; newerVersions?: number }
  transitions?: readonly { days?: number; date?: string; storageClass: string }[]
  noncurrentTransitions?: readonly { days: number; newerVersions?: number; storageClass: string }[]
  abortUploadsAfterDays?: number
}

export interface LoggingConfiguration {
  targetBucket: string
  targetPrefix: string
  targetGrants?: Acl
  /** `simple`, or partitioned by the time of the event or of delivery. */
  keyFormat?: 'simple' | 'partitioned-event-time' | 'partitioned-delivery-time'
}

export interface NotificationConfiguration {
  targets: readonly NotificationTarget[]
}

export interface NotificationTarget {
  id: string
  kind: 'topic' | 'queue' | 'function'
  arn: string
  events: readonly string[]
  prefix?: string
  suffix?: string
}
