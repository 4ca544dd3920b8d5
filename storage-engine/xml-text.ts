export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

// Control characters are written as references: not XML 1.0, but what S3 answers for keys that hold them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the class names what must be escaped
const SPECIAL = /[&<>"\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]/g
const NAMED: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

export function escapeXml(text: string): string {
  return text.replace(SPECIAL, (char) => NAMED[char] ?? `&#x${char.charCodeAt(0).toString(16)};`)
}

/** `<name>text</name>`, escaped; an empty string when `text` is null, so that optional elements read in line. */
export function element(name: string, text: string | number | boolean | null): string {
  if (text === null) return ''
  return `<${name}>${typeof text === 'string' ? escapeXml(text) : text}</${name}>`
}
