import type { LoggingConfiguration } from '#storage-engine/bucket-settings.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { grantsXml, readGrant } from '#storage-engine/s3/acl-xml.ts'
import type { NamedGrant } from '#storage-engine/s3/grantees.ts'
import type { Owner } from '#storage-engine/s3/owner-directory.ts'
import {
  childrenOf,
  childText,
  expectChildren,
  expectRoot,
  onlyChild,
  type XmlElement,
} from '#storage-engine/s3/xml-reader.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

/** As a client writes it: who its grantees are is not known yet. */
export interface GivenLogging extends Omit<LoggingConfiguration, 'targetGrants'> {
  grants: NamedGrant[]
}

const DATE_SOURCES = {
  EventTime: 'partitioned-event-time',
  DeliveryTime: 'partitioned-delivery-time',
} as const

/** Null switches logging off. Throws MalformedXML. */
export function readLogging(root: XmlElement): GivenLogging | null {
  expectChildren(expectRoot(root, 'BucketLoggingStatus'), ['LoggingEnabled'])
  const enabled = onlyChild(root, 'LoggingEnabled')
  if (enabled === null) return null
  expectChildren(enabled, ['TargetBucket', 'TargetPrefix', 'TargetGrants', 'TargetObjectKeyFormat'])
  const targetBucket = childText(enabled, 'TargetBucket')?.trim()
  const targetPrefix = childText(enabled, 'TargetPrefix')
  if (!targetBucket || targetPrefix === null) throw new StorageError('MalformedXML')
  const format = onlyChild(enabled, 'TargetObjectKeyFormat')
  return {
    targetBucket,
    targetPrefix,
    grants: readGrants(onlyChild(enabled, 'TargetGrants')),
    ...(format !== null && { keyFormat: readKeyFormat(format) }),
  }
}

/** Logs are objects: FULL_CONTROL, READ and WRITE is all that S3 lets one grant on them. */
function readGrants(list: XmlElement | null): NamedGrant[] {
  if (list === null) return []
  try {
    return childrenOf(expectChildren(list, ['Grant']), 'Grant').map(readGrant)
  } catch (cause) {
    if (!(cause instanceof StorageError) || cause.code !== 'MalformedACLError') throw cause
    throw new StorageError('MalformedXML', { cause })
  }
}

/** Exactly one of the two formats. */
function readKeyFormat(format: XmlElement): NonNullable<LoggingConfiguration['keyFormat']> {
  expectChildren(format, ['SimplePrefix', 'PartitionedPrefix'])
  const simple = onlyChild(format, 'SimplePrefix')
  const partitioned = onlyChild(format, 'PartitionedPrefix')
  if ((simple === null) === (partitioned === null)) throw new StorageError('MalformedXML')
  if (partitioned === null) return 'simple'
  const source = childText(expectChildren(partitioned, ['PartitionDateSource']), 'PartitionDateSource')?.trim()
  if (source === undefined) return DATE_SOURCES.DeliveryTime
  if (source !== 'EventTime' && source !== 'DeliveryTime') throw new StorageError('MalformedXML')
  return DATE_SOURCES[source]
}

/** `owners` are the grantees, by id. An untouched bucket's is empty. */
export function loggingXml(logging: LoggingConfiguration | undefined, owners: ReadonlyMap<string, Owner>): string {
  if (logging === undefined) return xmlDocument('BucketLoggingStatus', '')
  const { targetBucket, targetPrefix, targetGrants = [], keyFormat } = logging
  const grants = targetGrants.length === 0 ? '' : `<TargetGrants>${grantsXml(targetGrants, owners)}</TargetGrants>`
  const target = `${element('TargetBucket', targetBucket)}${element('TargetPrefix', targetPrefix)}`
  const enabled = `${target}${grants}${keyFormat === undefined ? '' : keyFormatXml(keyFormat)}`
  return xmlDocument('BucketLoggingStatus', `<LoggingEnabled>${enabled}</LoggingEnabled>`)
}

function keyFormatXml(keyFormat: NonNullable<LoggingConfiguration['keyFormat']>): string {
  if (keyFormat === 'simple') return '<TargetObjectKeyFormat><SimplePrefix/></TargetObjectKeyFormat>'
  const source = keyFormat === DATE_SOURCES.EventTime ? 'EventTime' : 'DeliveryTime'
  const partitioned = `<PartitionedPrefix>${element('PartitionDateSource', source)}</PartitionedPrefix>`
  return `<TargetObjectKeyFormat>${partitioned}</TargetObjectKeyFormat>`
}
