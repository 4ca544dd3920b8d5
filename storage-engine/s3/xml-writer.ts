import { XML_DECLARATION } from '#storage-engine/xml-text.ts'

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

/** A whole document around `content`, which is XML already. */
export function xmlDocument(name: string, content: string): string {
  return `${XML_DECLARATION}<${name} xmlns="${NAMESPACE}">${content}</${name}>`
}
