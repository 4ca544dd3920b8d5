import { bucketAcl } from '#storage-engine/auth/object-ownership.ts'
import type { Headers } from '#storage-engine/auth/wire-request.ts'
import type { BucketSettings } from '#storage-engine/bucket-settings.ts'
import { type CreateBucketInput, createBucket as create } from '#storage-engine/buckets/create-bucket.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Acl, Tag } from '#storage-engine/object-settings.ts'
import { checkBucketTags } from '#storage-engine/objects/tags.ts'
import { readRequestedAcl } from '#storage-engine/s3/acl-headers.ts'
import { refuseUnsupported } from '#storage-engine/s3/object-headers.ts'
import { readOwnershipHeader } from '#storage-engine/s3/ownership-xml.ts'
import type { NewBucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readTag } from '#storage-engine/s3/tagging-xml.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'
import {
  childrenOf,
  childText,
  expectChildren,
  expectRoot,
  onlyChild,
  readXml,
  type XmlElement,
} from '#storage-engine/s3/xml-reader.ts'

/** Other names of a region that old clients still send. */
const REGION_ALIASES: Record<string, string> = { US: 'us-east-1', EU: 'eu-west-1' }

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html */
export async function createBucket(request: NewBucketRequest): Promise<S3Response> {
  const { engine, headers, principal, ownerId, bucketName } = request
  if (principal.kind === 'anonymous') throw new StorageError('AccessDenied')
  refuseUnsupported(headers)
  const content = await readDocument(headers, request.body, XML_BYTES_MAX)
  const { region } = engine.config
  const settings: BucketSettings = content.length === 0 ? {} : readConfiguration(content, region)
  const isLocked = readIsLocked(headers)
  const ownership = readOwnershipHeader(headers)
  if (ownership !== null) settings.ownership = ownership
  const acl = await readBucketAcl(request, ownership)
  if (acl !== null) settings.acl = acl
  if (isLocked) settings.objectLock = {}
  checkSettings(request, settings)
  await createOrKeep(engine, {
    namespaceId: principal.namespaceId,
    ownerId,
    name: bucketName,
    region,
    settings,
    // Object lock protects versions, so it brings versioning with it.
    versioning: isLocked ? 'enabled' : 'unversioned',
  })
  return emptyResponse(200, ['Location', `/${bucketName}`])
}

/** Whoever may make a bucket may not for that reason set it up in every way. Throws AccessDenied. */
function checkSettings({ access }: NewBucketRequest, { acl, ownership, objectLock, tags }: BucketSettings): void {
  if (acl !== undefined) access.check('s3:PutBucketAcl')
  if (ownership !== undefined) access.check('s3:PutBucketOwnershipControls')
  if (tags !== undefined) access.check('s3:TagResource')
  if (objectLock === undefined) return
  access.check('s3:PutBucketObjectLockConfiguration')
  access.check('s3:PutBucketVersioning')
}

/**
 * In us-east-1, and only there, whoever makes a bucket again that is theirs is told that all is well. Nothing changes.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
 */
async function createOrKeep(engine: Engine, input: CreateBucketInput): Promise<void> {
  try {
    await create(engine, input)
  } catch (error) {
    const isKept = error instanceof StorageError && error.code === 'BucketAlreadyOwnedByYou'
    if (!isKept || input.region !== 'us-east-1') throw error
  }
}

/** An ACL beside enforced ownership contradicts it. Throws InvalidBucketAclWithObjectOwnership, and what ACL headers throw. */
async function readBucketAcl(
  { engine, headers, ownerId }: NewBucketRequest,
  ownership: BucketSettings['ownership'] | null,
): Promise<Acl | null> {
  const requested = await readRequestedAcl(engine, headers)
  const acl = bucketAcl({ ownerId, settings: {} }, requested)
  if (acl !== null && ownership === 'BucketOwnerEnforced') throw new StorageError('InvalidBucketAclWithObjectOwnership')
  return acl
}

/** Throws InvalidLocationConstraint for any region but ours, MalformedXML, InvalidTag, and NotImplemented for bucket types. */
function readConfiguration(content: Buffer, region: string): BucketSettings {
  const root = expectRoot(readXml(content), 'CreateBucketConfiguration')
  for (const name of root.children.keys()) {
    if (name !== 'LocationConstraint' && name !== 'Tags') {
      throw new StorageError('NotImplemented', { extra: { Element: name } })
    }
  }
  const constraint = childText(root, 'LocationConstraint')?.trim() ?? ''
  if (constraint !== '' && (REGION_ALIASES[constraint] ?? constraint) !== region) {
    throw new StorageError('InvalidLocationConstraint', { extra: { LocationConstraint: constraint } })
  }
  const tags = readTags(onlyChild(root, 'Tags'))
  return {
    ...(tags.length === 0 ? {} : { tags }),
    ...(constraint === 'us-east-1' ? { namesRegion: true as const } : {}),
  }
}

function readTags(tags: XmlElement | null): Tag[] {
  return tags === null ? [] : checkBucketTags(childrenOf(expectChildren(tags, ['Tag']), 'Tag').map(readTag))
}

/** Throws InvalidArgument for anything but `true` and `false`. */
function readIsLocked(headers: Headers): boolean {
  const value = headers.get('x-amz-bucket-object-lock-enabled')?.toLowerCase()
  if (value === undefined || value === 'false') return false
  if (value === 'true') return true
  throw new StorageError('InvalidArgument', {
    message: 'The value of x-amz-bucket-object-lock-enabled must be true or false.',
    extra: { ArgumentName: 'x-amz-bucket-object-lock-enabled', ArgumentValue: value },
  })
}
