import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm } from '#storage-engine/body.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { findObject } from '#storage-engine/metadata/object-versions.ts'
import { completeUpload, type NamedPart, PART_COUNT_MAX } from '#storage-engine/objects/complete-upload.ts'
import {
  checksumElement,
  checksumHeader,
  invalidDigest,
  isDigest,
  readChecksumType,
} from '#storage-engine/s3/checksum-headers.ts'
import { checkMayCompare } from '#storage-engine/s3/compared-state.ts'
import { readWritePrecondition, unquoteEtag } from '#storage-engine/s3/conditions.ts'
import { encryptionHeaders, readCustomerKey } from '#storage-engine/s3/encryption-headers.ts'
import { requestEvent } from '#storage-engine/s3/event-origin.ts'
import { expirationHeaders } from '#storage-engine/s3/lifecycle-headers.ts'
import { readUploadId } from '#storage-engine/s3/operations/upload-part.ts'
import { integerHeader } from '#storage-engine/s3/request-headers.ts'
import type { KeyRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { writtenVersionHeader } from '#storage-engine/s3/version-id.ts'
import { LONG_XML_BYTES_MAX, readDocument } from '#storage-engine/s3/xml-body.ts'
import { childrenOf, childText, expectRoot, readXml, type XmlElement } from '#storage-engine/s3/xml-reader.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
export async function completeMultipartUpload(request: KeyRequest): Promise<S3Response> {
  const { engine, bucket, key, headers, body } = request
  const uploadId = readUploadId(request)
  const precondition = readWritePrecondition(headers)
  await checkMayCompare(request, { key, condition: precondition })
  // Its x-amz-checksum-* headers are of the object, not of this document.
  const content = await readDocument(new Map(), body, LONG_XML_BYTES_MAX)
  const parts = readParts(expectRoot(readXml(content), 'CompleteMultipartUpload'))
  const written = await completeUpload(engine, {
    bucket,
    key,
    uploadId,
    parts,
    checksum: readObjectChecksum(headers),
    checksumType: readChecksumType(headers),
    objectSize: integerHeader(headers, 'x-amz-mp-object-size'),
    precondition,
    customerKey: readCustomerKey(headers),
    event: requestEvent(request, 'ObjectCreated:CompleteMultipartUpload'),
  })
  request.log.setObjectSize(written.size)
  const { etag, checksum, versionId } = written
  const fields = [
    element('Location', `https://${headers.get('host') ?? ''}/${bucket.name}/${key}`),
    element('Bucket', bucket.name),
    element('Key', key),
    element('ETag', `"${etag}"`),
  ]
  if (checksum !== null)
    fields.push(element(checksumElement(checksum.algorithm), checksum.value), element('ChecksumType', checksum.type))
  return xmlResponse(xmlDocument('CompleteMultipartUploadResult', fields.join('')), [
    ...writtenVersionHeader(versionId),
    ...encryptionHeaders(written, headers),
    ...(bucket.settings.lifecycle === undefined ? [] : await expiryOf(request)),
  ])
}

/** The tags that a rule may look at are the upload's, and by now the object's. */
async function expiryOf({ engine, bucket, key }: KeyRequest): Promise<string[]> {
  const { object } = await findObject(engine.db, { bucketName: bucket.name, key })
  return object === null ? [] : expirationHeaders(bucket, { ...object, tags: object.settings?.tags })
}

/** Throws MalformedXML. */
export function readParts(root: XmlElement): NamedPart[] {
  const parts = childrenOf(root, 'Part')
  if (parts.length === 0 || parts.length > PART_COUNT_MAX) throw new StorageError('MalformedXML')
  return parts.map((part) => {
    const number = childText(part, 'PartNumber')?.trim() ?? ''
    const etag = childText(part, 'ETag')
    if (!/^\d{1,5}$/.test(number) || etag === null) throw new StorageError('MalformedXML')
    return { partNumber: Number(number), etag: unquoteEtag(etag), checksums: readPartChecksums(part) }
  })
}

function readPartChecksums(part: XmlElement): Map<ChecksumAlgorithm, string> {
  const found = new Map<ChecksumAlgorithm, string>()
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = childText(part, checksumElement(algorithm))
    if (value !== null) found.set(algorithm, value.trim())
  }
  return found
}

/** A composite value may come with or without its `-N`. */
function readObjectChecksum(headers: KeyRequest['headers']): { algorithm: ChecksumAlgorithm; value: string } | null {
  const found = CHECKSUM_ALGORITHMS.filter((algorithm) => headers.has(`x-amz-checksum-${algorithm.toLowerCase()}`))
  const [algorithm] = found
  if (algorithm === undefined) return null
  if (found.length > 1) {
    throw new StorageError('InvalidRequest', {
      message: 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    })
  }
  const name = checksumHeader(algorithm)
  const value = headers.get(name) as string
  if (!isDigest(algorithm, value.replace(/-\d{1,5}$/, ''))) throw invalidDigest(name)
  return { algorithm, value }
}
