import { StorageError } from '#storage-engine/errors.ts'
import type { ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import type { Tag } from '#storage-engine/object-settings.ts'
import { copyObject as copy } from '#storage-engine/objects/copy-object.ts'
import type { ObjectDescription, WrittenObject } from '#storage-engine/objects/write-object.ts'
import { readOwnership, withAcl } from '#storage-engine/s3/acl-headers.ts'
import { checksumElement, readChecksumAlgorithm } from '#storage-engine/s3/checksum-headers.ts'
import { checkMayCompare } from '#storage-engine/s3/compared-state.ts'
import { readWritePrecondition } from '#storage-engine/s3/conditions.ts'
import { copySourceHeaders, findCopySource } from '#storage-engine/s3/copy-source.ts'
import { readCopySourceKey, readEncryption, writtenEncryptionHeaders } from '#storage-engine/s3/encryption-headers.ts'
import { requestEvent } from '#storage-engine/s3/event-origin.ts'
import { expirationHeaders } from '#storage-engine/s3/lifecycle-headers.ts'
import { readDescription, refuseUnsupported } from '#storage-engine/s3/object-headers.ts'
import { readLock } from '#storage-engine/s3/object-lock-headers.ts'
import type { KeyRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { readCopySettings } from '#storage-engine/s3/setting-headers.ts'
import { writtenVersionHeader } from '#storage-engine/s3/version-id.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export async function copyObject(request: KeyRequest): Promise<S3Response> {
  const { headers, bucket, key } = request
  refuseUnsupported(headers)
  const isReplacing = readMetadataDirective(request) === 'REPLACE'
  const encryption = readEncryption(headers)
  const checksumAlgorithm = readChecksumAlgorithm(headers)
  const source = await findCopySource(request)
  // An older version may be copied onto its own key as it is: so it is restored.
  const isItself = source.bucket.id === bucket.id && source.object.key === key && !source.isVersionNamed
  if (
    isItself &&
    !isReplacing &&
    encryption.kind === 'default' &&
    !headers.has('x-amz-storage-class') &&
    !headers.has('x-amz-website-redirect-location') &&
    checksumAlgorithm === null
  ) {
    throw new StorageError('InvalidRequest', {
      message:
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    })
  }
  const precondition = readWritePrecondition(headers)
  await checkMayCompare(request, { key, condition: precondition })
  const ownership = await readOwnership(request)
  const settings = withAcl(
    readCopySettings(request, () => sourceTags(request, source)),
    ownership,
  )
  const written = await copy(request.engine, {
    source: { ...source, customerKey: readCopySourceKey(headers) },
    target: {
      bucket,
      key,
      ownerId: ownership.ownerId,
      ...(isReplacing ? readDescription(headers) : descriptionOf(source.object)),
      checksumAlgorithm,
      precondition,
      settings,
      lock: readLock(request),
      encryption,
      event: requestEvent(request, 'ObjectCreated:Copy'),
    },
  })
  return xmlResponse(xmlDocument('CopyObjectResult', copyResultXml(written)), [
    ...copySourceHeaders(source),
    ...writtenVersionHeader(written.versionId),
    ...writtenEncryptionHeaders(written, headers),
    ...expirationHeaders(bucket, { ...written, key, tags: settings?.tags }),
  ])
}

/** Throws AccessDenied unless the caller may read the tags that there are. */
function sourceTags(
  { access }: KeyRequest,
  { bucket, object, isVersionNamed }: Awaited<ReturnType<typeof findCopySource>>,
): readonly Tag[] | undefined {
  const tags = object.settings?.tags
  const action = isVersionNamed ? 's3:GetObjectVersionTagging' : 's3:GetObjectTagging'
  if (tags !== undefined) access.check(action, { bucket, key: object.key, object })
  return tags
}

function readMetadataDirective({ headers }: KeyRequest): 'COPY' | 'REPLACE' {
  const tagging = headers.get('x-amz-tagging-directive') ?? 'COPY'
  if (tagging !== 'COPY' && tagging !== 'REPLACE') throw unknownDirective('x-amz-tagging-directive', tagging)
  const directive = headers.get('x-amz-metadata-directive') ?? 'COPY'
  if (directive !== 'COPY' && directive !== 'REPLACE') throw unknownDirective('x-amz-metadata-directive', directive)
  return directive
}

function unknownDirective(name: string, value: string): StorageError {
  return new StorageError('InvalidArgument', {
    message: 'Unknown metadata directive.',
    extra: { ArgumentName: name, ArgumentValue: value },
  })
}

function descriptionOf({ contentType, systemHeaders, userMetadata }: ObjectVersion): ObjectDescription {
  return { contentType, systemHeaders, userMetadata }
}

function copyResultXml({ etag, lastModified, checksum }: WrittenObject): string {
  const fields = [element('LastModified', lastModified.toISOString()), element('ETag', `"${etag}"`)]
  if (checksum !== null)
    fields.push(element(checksumElement(checksum.algorithm), checksum.value), element('ChecksumType', checksum.type))
  return fields.join('')
}
