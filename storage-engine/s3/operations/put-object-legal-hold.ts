import { expectObjectLock } from '#storage-engine/buckets/object-lock.ts'
import { updateObjectLock } from '#storage-engine/objects/update-object.ts'
import { changedVersion, objectVersionHeader } from '#storage-engine/s3/changed-version.ts'
import { expectDocumentDigest } from '#storage-engine/s3/object-lock-headers.ts'
import { readLegalHold } from '#storage-engine/s3/object-lock-xml.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html */
export async function putObjectLegalHold(request: ObjectRequest): Promise<S3Response> {
  const { engine, bucket, headers, body } = request
  expectObjectLock(bucket)
  expectDocumentDigest(headers)
  const legalHold = readLegalHold(await readDocument(headers, body, XML_BYTES_MAX))
  const facts = new Map([['s3:object-lock-legal-hold', [legalHold ? 'ON' : 'OFF']]])
  request.access.check('s3:PutObjectLegalHold', undefined, facts)
  await updateObjectLock(engine, { ...changedVersion(request), change: (lock) => ({ ...lock, legalHold }) })
  return emptyResponse(200, objectVersionHeader(request))
}
