import type { Headers } from '#storage-engine/auth/wire-request.ts'

/** Clients on Python's http.client, which sends text as UTF-8 but reads what comes back as Latin-1. */
const LATIN1_READERS = /boto3\/|botocore[/#]|^aws-cli\//i

/**
 * x-amz-meta-* headers, as name, value, name, value…: the bytes that were stored, one character a byte. A client that reads
 * Latin-1 gets UTF-8 text in Latin-1 where that can hold it, because it would not know again what it sent otherwise.
 */
export function userMetadataHeaders(metadata: Readonly<Record<string, string>>, requestHeaders: Headers): string[] {
  const readsLatin1 = LATIN1_READERS.test(requestHeaders.get('user-agent') ?? '')
  const headers: string[] = []
  for (const [name, value] of Object.entries(metadata)) {
    headers.push(`x-amz-meta-${name}`, readsLatin1 ? asLatin1(value) : value)
  }
  return headers
}

/** Bytes that are no UTF-8, and text that Latin-1 cannot hold, stay as they are. */
function asLatin1(bytes: string): string {
  if (!hasOver(bytes, 0x7f)) return bytes
  const text = Buffer.from(bytes, 'latin1').toString('utf8')
  return text.includes('\ufffd') || hasOver(text, 0xff) ? bytes : text
}

function hasOver(text: string, code: number): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > code) return true
  return false
}
