import { StorageError } from '#storage-engine/errors.ts'
import { deleteObjects as deleteKeys } from '#storage-engine/objects/delete-objects.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { checkKeyLength } from '#storage-engine/s3/target.ts'
import { checkVersionIdForm } from '#storage-engine/s3/version-id.ts'
import { LONG_XML_BYTES_MAX, readDocument } from '#storage-engine/s3/xml-body.ts'
import { childrenOf, childText, expectRoot, readXml, type XmlElement } from '#storage-engine/s3/xml-reader.ts'
import { element, xmlDocument } from '#storage-engine/s3/xml-writer.ts'

const KEYS_MAX = 1000

interface Entry {
  key: string
  versionId: string | null
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export async function deleteObjects(request: BucketRequest): Promise<S3Response> {
  const content = await readDocument(request.headers, request.body, LONG_XML_BYTES_MAX)
  const root = expectRoot(readXml(content), 'Delete')
  const isQuiet = childText(root, 'Quiet')?.trim().toLowerCase() === 'true'
  const entries = readEntries(root)
  const results = entries.map((entry) => ({ entry, error: refusalOf(entry) }))
  // In a bucket that was never versioned there is only the null version: any other is gone already.
  const present = results.filter(
    ({ entry, error }) => error === null && (entry.versionId === null || entry.versionId === 'null'),
  )
  await deleteKeys(request.engine, { bucket: request.bucket, keys: present.map(({ entry }) => entry.key) })
  const answers = results.map(({ entry, error }) =>
    error === null ? deletedXml(entry, isQuiet) : errorXml(entry, error),
  )
  return xmlResponse(xmlDocument('DeleteResult', answers.join('')))
}

function readEntries(root: XmlElement): Entry[] {
  const objects = childrenOf(root, 'Object')
  if (objects.length === 0 || objects.length > KEYS_MAX) throw new StorageError('MalformedXML')
  return objects.map((object) => {
    const key = childText(object, 'Key')
    if (key === null || key === '') throw new StorageError('MalformedXML')
    for (const name of ['ETag', 'LastModifiedTime', 'Size']) {
      if (object.children.has(name)) throw new StorageError('NotImplemented', { extra: { Element: name } })
    }
    return { key, versionId: childText(object, 'VersionId') || null }
  })
}

/** One bad entry does not spoil the others. */
function refusalOf({ key, versionId }: Entry): StorageError | null {
  try {
    checkKeyLength(key)
    if (versionId !== null) checkVersionIdForm(versionId)
    return null
  } catch (error) {
    if (error instanceof StorageError) return error
    throw error
  }
}

function deletedXml({ key, versionId }: Entry, isQuiet: boolean): string {
  return isQuiet ? '' : `<Deleted>${element('Key', key)}${element('VersionId', versionId)}</Deleted>`
}

function errorXml({ key, versionId }: Entry, { code, message }: StorageError): string {
  return `<Error>${element('Key', key)}${element('VersionId', versionId)}${element('Code', code)}${element('Message', message)}</Error>`
}
