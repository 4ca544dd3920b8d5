import { createHash, createHmac } from 'node:crypto'

export interface AwsCredentials {
  accessKeyId: string
  secretAccessKey: string
  /** Of temporary credentials. */
  sessionToken?: string | undefined
}

export interface SignAwsRequestInput {
  url: URL
  /** Names in lower case; all of them are signed, and so is the host. */
  headers: Record<string, string>
  body: string
  credentials: AwsCredentials
  region: string
  service: string
  now: Date
}

/**
 * The headers of a POST to the root of an AWS service, signed (version 4).
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signAwsRequest(input: SignAwsRequestInput): Record<string, string> {
  const { url, body, credentials, region, service } = input
  const date = input.now.toISOString().replace(/[-:]|\.\d+/g, '')
  const bodyHash = sha256(body)
  const headers: Record<string, string> = {
    ...input.headers,
    host: url.host,
    'x-amz-date': date,
    'x-amz-content-sha256': bodyHash,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  }
  const names = Object.keys(headers).sort()
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('')
  const canonical = ['POST', '/', '', lines, names.join(';'), bodyHash].join('\n')
  const scope = [date.slice(0, 8), region, service, 'aws4_request']
  const text = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(canonical)].join('\n')
  const signingKey = scope.reduce<Buffer>(hmac, Buffer.from(`AWS4${credentials.secretAccessKey}`))
  const signature = hmac(signingKey, text).toString('hex')
  const who = `Credential=${credentials.accessKeyId}/${scope.join('/')}`
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 ${who}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
