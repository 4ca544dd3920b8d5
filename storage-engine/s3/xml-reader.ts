import { type SaxesOptions, SaxesParser } from 'saxes'
import { StorageError } from '#storage-engine/errors.ts'

const DEPTH_MAX = 16
const ELEMENTS_MAX = 100_000

/** An element without its namespace prefix: clients differ in whether and how they declare S3's namespace. */
export interface XmlElement {
  name: string
  /** Character data directly inside, as written. */
  text: string
  children: Map<string, XmlElement[]>
}

/** Parses a request body. Throws MalformedXML for anything but one well-formed element, and for any DOCTYPE. */
export function readXml(content: Buffer): XmlElement {
  const root: XmlElement = { name: '', text: '', children: new Map() }
  const open: XmlElement[] = [root]
  let elementCount = 0
  const fail = (cause: unknown): never => {
    throw new StorageError('MalformedXML', { cause })
  }
  const parser = new SaxesParser<SaxesOptions>({ xmlns: false, position: false })
  parser.on('error', fail)
  parser.on('doctype', () => fail(new Error('DOCTYPE')))
  parser.on('opentag', ({ name }) => {
    if (open.length > DEPTH_MAX || ++elementCount > ELEMENTS_MAX) fail(new Error('too deep or too many elements'))
    const element: XmlElement = { name: localName(name), text: '', children: new Map() }
    const { children } = open.at(-1) as XmlElement
    const siblings = children.get(element.name)
    if (siblings === undefined) children.set(element.name, [element])
    else siblings.push(element)
    open.push(element)
  })
  const addText = (text: string) => {
    ;(open.at(-1) as XmlElement).text += text
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => void open.pop())
  parser.write(decodeUtf8(content)).close()
  const [elements] = [...root.children.values()]
  const [element] = elements ?? []
  if (element === undefined) return fail(new Error('no element'))
  return element
}

function decodeUtf8(content: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch (cause) {
    throw new StorageError('MalformedXML', { cause })
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

/** Throws MalformedXML unless the root element is called `name`. */
export function expectRoot(element: XmlElement, name: string): XmlElement {
  if (element.name !== name) throw new StorageError('MalformedXML')
  return element
}

/** Text of the only child called `name`; null when there is none. Throws MalformedXML when there are several. */
export function childText(element: XmlElement, name: string): string | null {
  const found = element.children.get(name)
  if (found === undefined) return null
  if (found.length > 1) throw new StorageError('MalformedXML')
  return (found[0] as XmlElement).text
}

export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.get(name) ?? []
}

/** The only child called `name`; null when there is none. Throws MalformedXML when there are several. */
export function onlyChild(element: XmlElement, name: string): XmlElement | null {
  const [found, ...others] = childrenOf(element, name)
  if (others.length > 0) throw new StorageError('MalformedXML')
  return found ?? null
}

/**
 * Throws MalformedXML for a child of any other name: to drop what a client asks for in a configuration would be to lie.
 */
export function expectChildren(element: XmlElement, names: readonly string[]): XmlElement {
  for (const name of element.children.keys()) {
    if (!names.includes(name)) throw new StorageError('MalformedXML', { cause: new Error(`unknown element ${name}`) })
  }
  return element
}
