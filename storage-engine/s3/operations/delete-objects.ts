import { setImmediate as nextTurn } from 'node:timers/promises'
import { StorageError } from '#storage-engine/errors.ts'
import {
  type DeleteResult,
  type DeleteTarget,
  deleteObjects as deleteTargets,
} from '#storage-engine/objects/delete-objects.ts'
import { checkMayCompare } from '#storage-engine/s3/compared-state.ts'
import { readDeleteCondition } from '#storage-engine/s3/conditions.ts'
import { mayBypassGovernance, refusalOf } from '#storage-engine/s3/delete-targets.ts'
import { eventOrigin } from '#storage-engine/s3/event-origin.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { checkKeyLength } from '#storage-engine/s3/target.ts'
import { checkVersionIdForm } from '#storage-engine/s3/version-id.ts'
import { LONG_XML_BYTES_MAX, readDocument } from '#storage-engine/s3/xml-body.ts'
import { childrenOf, childText, expectRoot, readXml, type XmlElement } from '#storage-engine/s3/xml-reader.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

export const KEYS_MAX = 1000
/** Judged at a time: between them other requests have their turn, as long policies take their time for each key. */
const GROUP_SIZE = 25

interface Entry {
  key: string
  versionId: string | null
  etag: string | null
  time: string | null
  size: string | null
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export async function deleteObjects(request: BucketRequest): Promise<S3Response> {
  const content = await readDocument(request.headers, request.body, LONG_XML_BYTES_MAX)
  const root = expectRoot(readXml(content), 'Delete')
  const isQuiet = childText(root, 'Quiet')?.trim().toLowerCase() === 'true'
  const entries = await judge(request, readEntries(root))
  const targets = entries.flatMap(({ target }) => (target instanceof StorageError ? [] : [target]))
  const { engine, bucket, ownerId } = request
  const origin = bucket.settings.notification === undefined ? undefined : eventOrigin(request)
  const results = await deleteTargets(engine, { bucket, ownerId, targets, origin })
  const answers = entries.map(({ entry, target }) => {
    if (target instanceof StorageError) return errorXml(entry, logged(request, entry, target))
    const result = results.shift() as DeleteResult
    const refusal = refusalOf(result.outcome)
    logged(request, entry, refusal)
    if (refusal !== null) return errorXml(entry, refusal)
    return isQuiet ? '' : deletedXml(entry, result)
  })
  return xmlResponse(xmlDocument('DeleteResult', answers.join('')))
}

/** Throws MalformedXML. */
export function readEntries(root: XmlElement): Entry[] {
  const objects = childrenOf(root, 'Object')
  if (objects.length === 0 || objects.length > KEYS_MAX) throw new StorageError('MalformedXML')
  return objects.map((object) => {
    const key = childText(object, 'Key')
    if (key === null || key === '') throw new StorageError('MalformedXML')
    return {
      key,
      versionId: childText(object, 'VersionId') || null,
      etag: childText(object, 'ETag'),
      time: childText(object, 'LastModifiedTime'),
      size: childText(object, 'Size'),
    }
  })
}

async function judge(
  request: BucketRequest,
  entries: Entry[],
): Promise<{ entry: Entry; target: DeleteTarget | StorageError }[]> {
  const judged: { entry: Entry; target: DeleteTarget | StorageError }[] = []
  for (let start = 0; start < entries.length; start += GROUP_SIZE) {
    if (start > 0) await nextTurn()
    const group = entries.slice(start, start + GROUP_SIZE)
    judged.push(...(await Promise.all(group.map(async (entry) => ({ entry, target: await toTarget(request, entry) })))))
  }
  return judged
}

/** One bad entry, or one that the caller may not delete, does not spoil the others. */
async function toTarget(request: BucketRequest, entry: Entry): Promise<DeleteTarget | StorageError> {
  const { key, versionId, etag } = entry
  try {
    checkKeyLength(key)
    if (versionId !== null) checkVersionIdForm(versionId)
    const action = versionId === null ? 's3:DeleteObject' : 's3:DeleteObjectVersion'
    const facts = etag === null ? null : new Map([['s3:if-match', [etag]]])
    request.access.check(action, { bucket: request.bucket, key }, facts)
    const condition = readDeleteCondition(entry)
    await checkMayCompare(request, { key, versionId, condition })
    return { key, versionId, condition, mayBypassGovernance: mayBypassGovernance(request, key) }
  } catch (error) {
    if (error instanceof StorageError) return error
    throw error
  }
}

/** A record for each key, beside that of the request. */
function logged<Refusal extends StorageError | null>(
  { bucket, log }: BucketRequest,
  { key, versionId }: Entry,
  refusal: Refusal,
): Refusal {
  const outcome = { status: refusal?.status ?? 204, errorCode: refusal?.code ?? null }
  log.addAction(bucket, { operation: 'BATCH.DELETE.OBJECT', key, versionId, objectSize: null, outcome })
  return refusal
}

function deletedXml({ key, versionId }: Entry, { newDeleteMarker, wasDeleteMarker }: DeleteResult): string {
  // Of a marker that went, AWS repeats its id; a missing version counts as deleted.
  const marker = newDeleteMarker ?? (wasDeleteMarker ? versionId : null)
  const markerXml = marker === null ? '' : element('DeleteMarker', true) + element('DeleteMarkerVersionId', marker)
  return `<Deleted>${element('Key', key)}${element('VersionId', versionId)}${markerXml}</Deleted>`
}

function errorXml({ key, versionId }: Entry, { code, message }: StorageError): string {
  return `<Error>${element('Key', key)}${element('VersionId', versionId)}${element('Code', code)}${element('Message', message)}</Error>`
}
