import { fillPattern, matchPattern, type Pattern } from '#storage-engine/auth/policy-pattern.ts'
import { parsePolicy } from '#storage-engine/auth/policy-syntax.ts'
import { PolicySyntaxError } from '#storage-engine/auth/policy-syntax-error.ts'
import { isPublicPolicy } from '#storage-engine/auth/public-access.ts'
import type { BucketSettings } from '#storage-engine/bucket-settings.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** Of the text without white space between its parts. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html */
export const POLICY_BYTES_MAX = 20_480

const RESOURCE_PREFIX = 'arn:aws:s3:::'

/**
 * Checks a policy that is about to be put on a bucket. Its resources must be able to name the bucket or objects in it.
 * Throws MalformedPolicy, PolicyTooLarge, and AccessDenied for a public policy where those are blocked.
 */
export function checkBucketPolicy(
  text: string,
  bucket: { name: string; settings: Pick<BucketSettings, 'publicAccessBlock'> },
): void {
  if (Buffer.byteLength(text.replace(/\s/g, '')) > POLICY_BYTES_MAX) throw new StorageError('PolicyTooLarge')
  const policy = parseOrRefuse(text)
  // What stands between quotes is content, with which each request is compared.
  if (Buffer.byteLength(JSON.stringify(JSON.parse(text))) > POLICY_BYTES_MAX) throw new StorageError('PolicyTooLarge')
  for (const { resources } of policy.statements) {
    if (resources?.items.every((pattern) => mayName(pattern, bucket.name)) !== true) {
      throw new StorageError('MalformedPolicy', { message: 'Policy has invalid resource' })
    }
  }
  if (bucket.settings.publicAccessBlock?.blockPublicPolicy === true && isPublicPolicy(policy)) {
    throw new StorageError('AccessDenied', {
      message: 'User is not authorized to perform: s3:PutBucketPolicy because public policies are blocked.',
    })
  }
}

function parseOrRefuse(text: string): ReturnType<typeof parsePolicy> {
  try {
    return parsePolicy(text, 'bucket')
  } catch (cause) {
    if (!(cause instanceof PolicySyntaxError)) throw cause
    throw new StorageError('MalformedPolicy', { message: cause.message, cause })
  }
}

/** Could what stands before the first slash be the bucket? A variable there could be anything. */
function mayName(pattern: Pattern, bucketName: string): boolean {
  const path = pattern.slice(RESOURCE_PREFIX.length)
  const slash = path.indexOf('/'.charCodeAt(0))
  const filled = fillPattern(slash === -1 ? path : path.slice(0, slash), () => undefined)
  return filled !== null && matchPattern(filled, bucketName)
}
