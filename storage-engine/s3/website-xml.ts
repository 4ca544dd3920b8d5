import type { RoutingRule, WebsiteConfiguration } from '#storage-engine/bucket-settings.ts'
import { StorageError } from '#storage-engine/errors.ts'
import {
  childrenOf,
  childText,
  expectChildren,
  expectRoot,
  onlyChild,
  readXml,
  type XmlElement,
} from '#storage-engine/s3/xml-reader.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

type Protocol = 'http' | 'https'

/** Reads `<WebsiteConfiguration>`. Throws MalformedXML and InvalidRequest; what may stand together is not judged here. */
export function readWebsiteConfiguration(content: Buffer): WebsiteConfiguration {
  const root = expectRoot(readXml(content), 'WebsiteConfiguration')
  expectChildren(root, ['IndexDocument', 'ErrorDocument', 'RedirectAllRequestsTo', 'RoutingRules'])
  const redirectAll = onlyChild(root, 'RedirectAllRequestsTo')
  const routingRules = onlyChild(root, 'RoutingRules')
  return withoutNulls({
    indexSuffix: nestedText(root, 'IndexDocument', 'Suffix'),
    errorKey: nestedText(root, 'ErrorDocument', 'Key'),
    redirectAll: redirectAll === null ? null : readRedirectAll(redirectAll),
    routingRules: routingRules === null ? null : readRoutingRules(routingRules),
  })
}

/** The required child of an optional element. */
function nestedText(root: XmlElement, parent: string, name: string): string | null {
  const found = onlyChild(root, parent)
  if (found === null) return null
  const text = childText(expectChildren(found, [name]), name)
  if (text === null) throw new StorageError('MalformedXML')
  return text
}

function readRedirectAll(redirect: XmlElement): NonNullable<WebsiteConfiguration['redirectAll']> {
  const hostName = childText(expectChildren(redirect, ['HostName', 'Protocol']), 'HostName')
  if (hostName === null) throw new StorageError('MalformedXML')
  return withoutNulls({ hostName, protocol: readProtocol(redirect) })
}

function readRoutingRules(rules: XmlElement): RoutingRule[] {
  return childrenOf(expectChildren(rules, ['RoutingRule']), 'RoutingRule').map((rule) => {
    const redirect = onlyChild(expectChildren(rule, ['Condition', 'Redirect']), 'Redirect')
    if (redirect === null) throw new StorageError('MalformedXML')
    return { ...readCondition(onlyChild(rule, 'Condition')), redirect: readRedirect(redirect) }
  })
}

function readCondition(condition: XmlElement | null): Omit<RoutingRule, 'redirect'> {
  if (condition === null) return {}
  expectChildren(condition, ['KeyPrefixEquals', 'HttpErrorCodeReturnedEquals'])
  if (condition.children.size === 0) {
    throw new StorageError('InvalidRequest', {
      message:
        "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.",
    })
  }
  return withoutNulls({
    keyPrefixEquals: childText(condition, 'KeyPrefixEquals'),
    httpErrorCodeReturnedEquals: childText(condition, 'HttpErrorCodeReturnedEquals'),
  })
}

function readRedirect(redirect: XmlElement): RoutingRule['redirect'] {
  expectChildren(redirect, ['HostName', 'HttpRedirectCode', 'Protocol', 'ReplaceKeyPrefixWith', 'ReplaceKeyWith'])
  if (redirect.children.size === 0) throw new StorageError('MalformedXML')
  return withoutNulls({
    hostName: childText(redirect, 'HostName'),
    httpRedirectCode: childText(redirect, 'HttpRedirectCode'),
    protocol: readProtocol(redirect),
    replaceKeyPrefixWith: childText(redirect, 'ReplaceKeyPrefixWith'),
    replaceKeyWith: childText(redirect, 'ReplaceKeyWith'),
  })
}

function readProtocol(parent: XmlElement): Protocol | null {
  const protocol = childText(parent, 'Protocol')
  if (protocol === null || protocol === 'http' || protocol === 'https') return protocol
  throw new StorageError('InvalidRequest', {
    message:
      'Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.',
  })
}

/** `{ a?: T }` out of `{ a: T | null }`. */
function withoutNulls<T extends object>(fields: T): WithoutNulls<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as WithoutNulls<T>
}

type WithoutNulls<T> = { [K in keyof T as null extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as null extends T[K] ? K : never]?: Exclude<T[K], null>
}

export function websiteXml({ indexSuffix, errorKey, redirectAll, routingRules }: WebsiteConfiguration): string {
  const rules = routingRules === undefined ? null : routingRules.map(routingRuleXml).join('')
  const fields = [
    nested('RedirectAllRequestsTo', redirectAll && hostXml(redirectAll)),
    nested('IndexDocument', indexSuffix === undefined ? undefined : element('Suffix', indexSuffix)),
    nested('ErrorDocument', errorKey === undefined ? undefined : element('Key', errorKey)),
    nested('RoutingRules', rules ?? undefined),
  ]
  return xmlDocument('WebsiteConfiguration', fields.join(''))
}

function routingRuleXml({ redirect, ...condition }: RoutingRule): string {
  const conditions =
    element('HttpErrorCodeReturnedEquals', condition.httpErrorCodeReturnedEquals ?? null) +
    element('KeyPrefixEquals', condition.keyPrefixEquals ?? null)
  const target =
    hostXml(redirect) +
    element('HttpRedirectCode', redirect.httpRedirectCode ?? null) +
    element('ReplaceKeyPrefixWith', redirect.replaceKeyPrefixWith ?? null) +
    element('ReplaceKeyWith', redirect.replaceKeyWith ?? null)
  return nested('RoutingRule', nested('Condition', conditions || undefined) + nested('Redirect', target))
}

function hostXml({ hostName, protocol }: { hostName?: string; protocol?: Protocol }): string {
  return element('HostName', hostName ?? null) + element('Protocol', protocol ?? null)
}

function nested(name: string, content: string | undefined): string {
  return content === undefined ? '' : `<${name}>${content}</${name}>`
}
