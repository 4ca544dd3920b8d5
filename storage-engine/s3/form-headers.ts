import type { FormFields } from '#storage-engine/auth/form-policy.ts'
import type { Headers } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { readTagging } from '#storage-engine/s3/tagging-xml.ts'

/** Headers of the request itself that count: who sent it and from where. What is written, the form alone says. */
const SENDER_HEADERS = ['host', 'origin', 'referer', 'user-agent', 'x-amz-expected-bucket-owner', 'x-forwarded-for']
/** Fields that are headers of a PUT. */
const ENTITY_FIELDS = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-md5',
  'content-type',
  'expires',
]
/** Those of the signature. */
const SIGNATURE_FIELDS: ReadonlySet<string> = new Set([
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-signature',
])

/**
 * The headers that a PUT of the same object would have, so that one road serves both. Throws InvalidArgument for a value
 * that no header may hold and for a field that says what another one says, and MalformedXML for tags.
 */
export function headersOfForm(sent: Headers, fields: FormFields): Headers {
  const headers = new Map<string, string>()
  for (const name of SENDER_HEADERS) {
    const value = sent.get(name)
    if (value !== undefined) headers.set(name, value)
  }
  for (const name of ENTITY_FIELDS) {
    const value = fields.get(name)
    if (value !== undefined) headers.set(name, headerBytes(name, value))
  }
  for (const [name, value] of fields) {
    if (name.startsWith('x-amz-') && !SIGNATURE_FIELDS.has(name)) headers.set(name, headerBytes(name, value))
  }
  addAlias(headers, 'x-amz-acl', fields.get('acl') ?? null)
  addAlias(headers, 'x-amz-tagging', encodeTags(fields.get('tagging')))
  return headers
}

function addAlias(headers: Map<string, string>, name: string, value: string | null): void {
  if (value === null) return
  if (headers.has(name)) {
    throw new StorageError('InvalidArgument', {
      message: 'A form must not say the same in two fields.',
      extra: { ArgumentName: name, ArgumentValue: headers.get(name) as string },
    })
  }
  headers.set(name, headerBytes(name, value))
}

/** `<Tagging>…` → `key=value&…` */
function encodeTags(xml: string | undefined): string | null {
  if (xml === undefined) return null
  const tags = readTagging(Buffer.from(xml))
  return tags.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join('&')
}

/** UTF-8 as bytes, one character each. No control character may pass: what is stored comes back as a header. */
function headerBytes(name: string, value: string): string {
  const bytes = Buffer.from(value, 'utf8').toString('latin1')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the class names the characters that are refused
  if (!/^[a-z0-9_-]+$/.test(name) || /[\x00-\x08\x0a-\x1f\x7f]/.test(bytes)) {
    throw new StorageError('InvalidArgument', {
      message: 'A field that becomes a header cannot hold control characters.',
      extra: { ArgumentName: name.slice(0, 100) },
    })
  }
  return bytes.trim()
}
