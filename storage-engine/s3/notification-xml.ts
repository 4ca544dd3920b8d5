import type { NotificationConfiguration, NotificationTarget } from '#storage-engine/bucket-settings.ts'
import type { GivenTarget } from '#storage-engine/buckets/check-notification.ts'
import { invalidArgument } from '#storage-engine/buckets/invalid-configuration.ts'
import { StorageError } from '#storage-engine/errors.ts'
import {
  childrenOf,
  childText,
  expectChildren,
  expectRoot,
  onlyChild,
  type XmlElement,
} from '#storage-engine/s3/xml-reader.ts'
import { element } from '#storage-engine/xml-text.ts'

/** How S3 spells a target of each kind: the element around it, and the one that holds its ARN. */
const ELEMENTS: Record<NotificationTarget['kind'], { target: string; arn: string }> = {
  topic: { target: 'TopicConfiguration', arn: 'Topic' },
  queue: { target: 'QueueConfiguration', arn: 'Queue' },
  function: { target: 'CloudFunctionConfiguration', arn: 'CloudFunction' },
}
const KINDS = Object.keys(ELEMENTS) as NotificationTarget['kind'][]

/** The targets of a `<NotificationConfiguration>`, unchecked. Throws MalformedXML, InvalidArgument, NotImplemented. */
export function readNotification(root: XmlElement): GivenTarget[] {
  expectChildren(expectRoot(root, 'NotificationConfiguration'), [
    ...KINDS.map((kind) => ELEMENTS[kind].target),
    'EventBridgeConfiguration',
  ])
  if (root.children.has('EventBridgeConfiguration')) {
    throw new StorageError('NotImplemented', { message: 'There is no EventBridge to send events to.' })
  }
  return KINDS.flatMap((kind) => childrenOf(root, ELEMENTS[kind].target).map((target) => readTarget(target, kind)))
}

function readTarget(target: XmlElement, kind: NotificationTarget['kind']): GivenTarget {
  expectChildren(target, ['Id', ELEMENTS[kind].arn, 'Event', 'Filter'])
  const arn = childText(target, ELEMENTS[kind].arn)?.trim()
  const events = childrenOf(target, 'Event').map(({ text }) => text.trim())
  if (!arn || events.length === 0) throw new StorageError('MalformedXML')
  return { id: childText(target, 'Id') || null, kind, arn, events, ...readFilter(onlyChild(target, 'Filter')) }
}

function readFilter(filter: XmlElement | null): { prefix?: string; suffix?: string } {
  if (filter === null) return {}
  const key = onlyChild(expectChildren(filter, ['S3Key']), 'S3Key')
  const found: { prefix?: string; suffix?: string } = {}
  for (const rule of key === null ? [] : childrenOf(expectChildren(key, ['FilterRule']), 'FilterRule')) {
    const name = childText(rule, 'Name')?.trim().toLowerCase()
    if (name !== 'prefix' && name !== 'suffix') {
      throw invalidArgument('FilterRule.Name', name ?? '', 'filter rule name must be either prefix or suffix')
    }
    if (found[name] !== undefined) {
      throw invalidArgument('FilterRule.Name', name, `Cannot specify more than one ${name} rule in a filter.`)
    }
    found[name] = childText(rule, 'Value') ?? ''
  }
  return found
}

/** The targets as XML, in the order in which they were given within their kind. */
export function notificationXml({ targets }: NotificationConfiguration): string {
  return targets.map(targetXml).join('')
}

function targetXml({ id, kind, arn, events, prefix, suffix }: NotificationTarget): string {
  const rules = [filterRuleXml('Prefix', prefix), filterRuleXml('Suffix', suffix)].join('')
  const fields = [
    element('Id', id),
    element(ELEMENTS[kind].arn, arn),
    ...events.map((event) => element('Event', event)),
    rules === '' ? '' : `<Filter><S3Key>${rules}</S3Key></Filter>`,
  ]
  return `<${ELEMENTS[kind].target}>${fields.join('')}</${ELEMENTS[kind].target}>`
}

function filterRuleXml(name: string, value: string | undefined): string {
  return value === undefined ? '' : `<FilterRule>${element('Name', name)}${element('Value', value)}</FilterRule>`
}
