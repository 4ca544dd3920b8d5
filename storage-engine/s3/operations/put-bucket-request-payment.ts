import { StorageError } from '#storage-engine/errors.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'
import { childText, expectChildren, expectRoot, readXml } from '#storage-engine/s3/xml-reader.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketRequestPayment.html */
export async function putBucketRequestPayment({ engine, bucket, headers, body }: BucketRequest): Promise<S3Response> {
  const payer = readPayer(await readDocument(headers, body, XML_BYTES_MAX))
  await setBucketSetting(engine.db, { bucketId: bucket.id, name: 'payer', value: payer })
  return emptyResponse(200)
}

/** Throws MalformedXML. */
function readPayer(content: Buffer): 'BucketOwner' | 'Requester' {
  const root = expectChildren(expectRoot(readXml(content), 'RequestPaymentConfiguration'), ['Payer'])
  const payer = childText(root, 'Payer')?.trim()
  if (payer !== 'BucketOwner' && payer !== 'Requester') throw new StorageError('MalformedXML')
  return payer
}
