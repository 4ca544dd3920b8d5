import type { ObjectLockConfiguration } from '#storage-engine/bucket-settings.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Retention } from '#storage-engine/objects/object-lock.ts'
import {
  childText,
  expectChildren,
  expectRoot,
  onlyChild,
  readXml,
  type XmlElement,
} from '#storage-engine/s3/xml-reader.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

/** `2030-01-01`, or a time with or without fractions and zone. */
const ISO_TIME = /^\d{4,6}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/

/** Reads `<ObjectLockConfiguration>`. Throws MalformedXML; the period is not judged here. */
export function readObjectLockConfiguration(content: Buffer): ObjectLockConfiguration {
  const root = expectChildren(expectRoot(readXml(content), 'ObjectLockConfiguration'), ['ObjectLockEnabled', 'Rule'])
  if (childText(root, 'ObjectLockEnabled')?.trim() !== 'Enabled') throw new StorageError('MalformedXML')
  const rule = onlyChild(root, 'Rule')
  if (rule === null) return {}
  const retention = onlyChild(expectChildren(rule, ['DefaultRetention']), 'DefaultRetention')
  if (retention === null) throw new StorageError('MalformedXML')
  const days = readPeriod(expectChildren(retention, ['Mode', 'Days', 'Years']), 'Days')
  const years = readPeriod(retention, 'Years')
  return {
    defaultRetention: {
      mode: readMode(retention),
      ...(days === null ? {} : { days }),
      ...(years === null ? {} : { years }),
    },
  }
}

function readMode(parent: XmlElement): Retention['mode'] {
  const mode = childText(parent, 'Mode')?.trim()
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') throw new StorageError('MalformedXML')
  return mode
}

function readPeriod(parent: XmlElement, name: string): number | null {
  const text = childText(parent, name)?.trim()
  if (text === undefined) return null
  if (!/^-?\d{1,9}$/.test(text)) throw new StorageError('MalformedXML')
  // -0 is 0.
  return Number(text) + 0
}

export function objectLockConfigurationXml({ defaultRetention }: ObjectLockConfiguration): string {
  const fields = defaultRetention && [
    element('Mode', defaultRetention.mode),
    element('Days', defaultRetention.days ?? null),
    element('Years', defaultRetention.years ?? null),
  ]
  const rule = fields === undefined ? '' : `<Rule><DefaultRetention>${fields.join('')}</DefaultRetention></Rule>`
  return xmlDocument('ObjectLockConfiguration', `${element('ObjectLockEnabled', 'Enabled')}${rule}`)
}

/** Reads `<Retention>`; null for an empty one, which takes retention away. Throws MalformedXML. */
export function readRetention(content: Buffer): Retention | null {
  const root = expectChildren(expectRoot(readXml(content), 'Retention'), ['Mode', 'RetainUntilDate'])
  if (root.children.size === 0) return null
  const retainUntil = parseTime(childText(root, 'RetainUntilDate')?.trim() ?? '')
  if (retainUntil === null) throw new StorageError('MalformedXML')
  return { mode: readMode(root), retainUntil: retainUntil.toISOString() }
}

/** An ISO 8601 date or time, UTC when no zone is named; null when it is none. */
export function parseTime(text: string): Date | null {
  if (!ISO_TIME.test(text)) return null
  const hasZone = !text.includes('T') || /(?:Z|[+-]\d{2}:?\d{2})$/.test(text)
  const time = new Date(hasZone ? text : `${text}Z`)
  return Number.isNaN(time.getTime()) ? null : time
}

export function retentionXml({ mode, retainUntil }: Retention): string {
  return xmlDocument('Retention', `${element('Mode', mode)}${element('RetainUntilDate', retainUntil)}`)
}

/** Reads `<LegalHold>`: true for ON. Throws MalformedXML. */
export function readLegalHold(content: Buffer): boolean {
  const root = expectChildren(expectRoot(readXml(content), 'LegalHold'), ['Status'])
  const status = childText(root, 'Status')?.trim()
  if (status !== 'ON' && status !== 'OFF') throw new StorageError('MalformedXML')
  return status === 'ON'
}

export function legalHoldXml(isOn: boolean): string {
  return xmlDocument('LegalHold', element('Status', isOn ? 'ON' : 'OFF'))
}
