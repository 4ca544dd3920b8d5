import type { CorsRule } from '#storage-engine/bucket-settings.ts'
import { StorageError } from '#storage-engine/errors.ts'
import {
  childrenOf,
  childText,
  expectChildren,
  expectRoot,
  readXml,
  type XmlElement,
} from '#storage-engine/s3/xml-reader.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

const RULE_CHILDREN = ['ID', 'AllowedOrigin', 'AllowedMethod', 'AllowedHeader', 'ExposeHeader', 'MaxAgeSeconds']

/** Reads `<CORSConfiguration><CORSRule>…`. Throws MalformedXML; whether the rules may stand is not judged here. */
export function readCorsRules(content: Buffer): CorsRule[] {
  const root = expectChildren(expectRoot(readXml(content), 'CORSConfiguration'), ['CORSRule'])
  return childrenOf(root, 'CORSRule').map(readRule)
}

function readRule(rule: XmlElement): CorsRule {
  const texts = (name: string) => childrenOf(rule, name).map(({ text }) => text.trim())
  const id = childText(expectChildren(rule, RULE_CHILDREN), 'ID')
  const maxAge = childText(rule, 'MaxAgeSeconds')?.trim()
  if (maxAge !== undefined && !/^\d{1,10}$/.test(maxAge)) throw new StorageError('MalformedXML')
  return {
    ...(id === null ? {} : { id }),
    allowedOrigins: texts('AllowedOrigin'),
    allowedMethods: texts('AllowedMethod'),
    allowedHeaders: texts('AllowedHeader'),
    exposeHeaders: texts('ExposeHeader'),
    ...(maxAge === undefined ? {} : { maxAgeSeconds: Number(maxAge) }),
  }
}

export function corsXml(rules: readonly CorsRule[]): string {
  return xmlDocument('CORSConfiguration', rules.map(ruleXml).join(''))
}

function ruleXml(rule: CorsRule): string {
  const fields = [
    element('ID', rule.id ?? null),
    ...rule.allowedHeaders.map((header) => element('AllowedHeader', header)),
    ...rule.allowedMethods.map((method) => element('AllowedMethod', method)),
    ...rule.allowedOrigins.map((origin) => element('AllowedOrigin', origin)),
    ...rule.exposeHeaders.map((header) => element('ExposeHeader', header)),
    element('MaxAgeSeconds', rule.maxAgeSeconds ?? null),
  ]
  return `<CORSRule>${fields.join('')}</CORSRule>`
}
