import { isIPv4 } from 'node:net'
import { StorageError } from '#storage-engine/errors.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const STRICT = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const RESERVED_PREFIXES = ['xn--', 'sthree-', 'amzn-s3-demo-']
const RESERVED_SUFFIXES = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3']
/** What a namespace may opt into, for an existing management client. */
const RELAXED = /^[A-Za-z0-9_-]{1,255}$/

/** Throws InvalidBucketName. Names also become host names, hence the strict rule. */
export function checkBucketName(name: string, options: { relaxed: boolean }): void {
  if (isStrictName(name) || (options.relaxed && RELAXED.test(name))) return
  throw new StorageError('InvalidBucketName', { extra: { BucketName: name } })
}

function isStrictName(name: string): boolean {
  return (
    STRICT.test(name) &&
    !/\.\.|\.-|-\./.test(name) &&
    !isIPv4(name) &&
    !RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix)) &&
    !RESERVED_SUFFIXES.some((suffix) => name.endsWith(suffix))
  )
}
