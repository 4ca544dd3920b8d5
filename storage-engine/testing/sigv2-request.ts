import { createHmac } from 'node:crypto'

export interface SigV2Input {
  method: string
  /** In path style. Each parameter of the query is signed but list-type, which version 2 leaves out. */
  target: string
  headers: Record<string, string>
  credentials: { accessKeyId: string; secretAccessKey: string }
}

/** Headers with an `Authorization: AWS id:signature`; `date` as RFC 1123 has it. Written from AWS's description alone. */
export function signV2Headers(input: SigV2Input & { date?: string }): Record<string, string> {
  const date = input.date ?? new Date().toUTCString()
  const signature = signV2(input, date)
  return { ...input.headers, date, authorization: `AWS ${input.credentials.accessKeyId}:${signature}` }
}

/** The target with the parameters of a version 2 presigned URL; `expires` in seconds since the epoch. */
export function presignV2(input: SigV2Input & { expires: number | string }): string {
  const { target, credentials, expires } = input
  const parameters = new URLSearchParams({
    AWSAccessKeyId: credentials.accessKeyId,
    Expires: String(expires),
    Signature: signV2(input, String(expires)),
  })
  return `${target}${target.includes('?') ? '&' : '?'}${parameters}`
}

function signV2({ method, target, headers, credentials }: SigV2Input, date: string): string {
  const amzLines = Object.keys(headers)
    .filter((name) => name.startsWith('x-amz-'))
    .sort()
    .map((name) => `${name}:${headers[name]}\n`)
  const [path, query = ''] = target.split('?')
  const signed = query.split('&').filter((field) => field !== '' && !field.startsWith('list-type'))
  const resource = signed.length === 0 ? path : `${path}?${signed.map(decodeURIComponent).sort().join('&')}`
  const lines = [method, headers['content-md5'] ?? '', headers['content-type'] ?? '', date]
  const text = `${lines.join('\n')}\n${amzLines.join('')}${resource}`
  return createHmac('sha1', credentials.secretAccessKey).update(text).digest('base64')
}
