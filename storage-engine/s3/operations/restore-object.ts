import { StorageError } from '#storage-engine/errors.ts'
import { restoreObject as restore } from '#storage-engine/objects/restore-object.ts'
import { restoredUntil } from '#storage-engine/objects/storage-class.ts'
import { changedVersion, objectVersionHeader } from '#storage-engine/s3/changed-version.ts'
import { eventOrigin } from '#storage-engine/s3/event-origin.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'
import {
  childText,
  expectChildren,
  expectRoot,
  onlyChild,
  readXml,
  type XmlElement,
} from '#storage-engine/s3/xml-reader.ts'

const TIERS: readonly string[] = ['Standard', 'Bulk', 'Expedited']
/** Of XML Schema's int, which S3 uses for days; the dates that it leads to must still be dates. */
export const DAYS_MAX = 36_500

/**
 * 202 when the version was archived until now, 200 when only its time changed.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
 */
export async function restoreObject(request: ObjectRequest): Promise<S3Response> {
  const { engine, headers, body, object } = request
  const content = await readDocument(headers, body, XML_BYTES_MAX)
  const { days, tier } = readRequest(expectRoot(readXml(content), 'RestoreRequest'))
  const storageClass = object.settings?.storageClass ?? 'STANDARD'
  if (tier === 'Expedited' && storageClass === 'DEEP_ARCHIVE') {
    throw invalid('Tier', tier, 'Retrieval option is not supported by this storage class')
  }
  const { wasRestored } = await restore(engine, {
    ...changedVersion(request),
    days,
    origin: eventOrigin(request),
    isRestored: restoredUntil(object.settings, Date.now()) !== null,
    storageClass,
  })
  return emptyResponse(wasRestored ? 200 : 202, objectVersionHeader(request))
}

function readRequest(root: XmlElement): { days: number; tier: string } {
  expectChildren(root, [
    'Days',
    'GlacierJobParameters',
    'Tier',
    'Description',
    'Type',
    'SelectParameters',
    'OutputLocation',
  ])
  if (
    childText(root, 'Type') !== null ||
    root.children.has('SelectParameters') ||
    root.children.has('OutputLocation')
  ) {
    throw new StorageError('NotImplemented', {
      message: 'Restores into another place, or of a selection, are not there.',
    })
  }
  const parameters = onlyChild(root, 'GlacierJobParameters')
  const tier = ((parameters && childText(parameters, 'Tier')) ?? childText(root, 'Tier') ?? 'Standard').trim()
  if (!TIERS.includes(tier)) throw new StorageError('MalformedXML')
  const text = childText(root, 'Days')?.trim() ?? ''
  if (!/^[+-]?\d{1,10}$/.test(text)) throw new StorageError('MalformedXML')
  const days = Number(text)
  if (days < 1 || days > DAYS_MAX) {
    throw invalid('Days', text, `restoration days should be at least 1 and at most ${DAYS_MAX}`)
  }
  return { days, tier }
}

function invalid(name: string, value: string, message: string): StorageError {
  return new StorageError('InvalidArgument', { message, extra: { ArgumentName: name, ArgumentValue: value } })
}
