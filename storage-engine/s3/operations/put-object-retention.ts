import { expectObjectLock } from '#storage-engine/buckets/object-lock.ts'
import { changeRetention, checkRetainUntil } from '#storage-engine/objects/object-lock.ts'
import { updateObjectLock } from '#storage-engine/objects/update-object.ts'
import { changedVersion, objectVersionHeader } from '#storage-engine/s3/changed-version.ts'
import { retentionFacts } from '#storage-engine/s3/condition-context.ts'
import { mayBypassGovernance } from '#storage-engine/s3/delete-targets.ts'
import { expectDocumentDigest } from '#storage-engine/s3/object-lock-headers.ts'
import { readRetention } from '#storage-engine/s3/object-lock-xml.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html */
export async function putObjectRetention(request: ObjectRequest): Promise<S3Response> {
  const { engine, bucket, key, headers, body } = request
  expectObjectLock(bucket)
  expectDocumentDigest(headers)
  const retention = readRetention(await readDocument(headers, body, XML_BYTES_MAX))
  // Only now is known what a condition on the retention is about.
  request.access.check('s3:PutObjectRetention', undefined, retentionFacts(retention, Date.now()))
  await updateObjectLock(engine, {
    ...changedVersion(request),
    change: (lock, now) => {
      if (retention !== null) checkRetainUntil(new Date(retention.retainUntil), now)
      return changeRetention(lock, { retention, now, mayBypass: () => mayBypassGovernance(request, key) })
    },
  })
  return emptyResponse(200, objectVersionHeader(request))
}
