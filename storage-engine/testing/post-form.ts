import { createHmac } from 'node:crypto'
import { amzDate } from '#storage-engine/testing/signed-request.ts'

export interface SignFormInput {
  version: 'v2' | 'v4'
  bucket: string
  key: string
  credentials: { accessKeyId: string; secretAccessKey: string }
  /** Beside those for bucket and key. */
  conditions?: unknown[]
  expiresAt?: Date
}

/** The fields that vouch for a browser's upload. Written from AWS's description alone. */
export function signForm({ version, bucket, key, credentials, ...policy }: SignFormInput): Record<string, string> {
  const { accessKeyId, secretAccessKey } = credentials
  const date = amzDate(new Date())
  const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`
  const signedFields: Record<string, string> =
    version === 'v2'
      ? {}
      : {
          'x-amz-algorithm': 'AWS4-HMAC-SHA256',
          'x-amz-credential': `${accessKeyId}/${scope}`,
          'x-amz-date': date,
        }
  const encoded = Buffer.from(
    JSON.stringify({
      expiration: (policy.expiresAt ?? new Date(Date.now() + 600_000)).toISOString(),
      conditions: [
        { bucket },
        { key },
        ...Object.entries(signedFields).map(([name, value]) => ({ [name]: value })),
        ...(policy.conditions ?? []),
      ],
    }),
  ).toString('base64')
  if (version === 'v2') {
    const signature = createHmac('sha1', secretAccessKey).update(encoded).digest('base64')
    return { AWSAccessKeyId: accessKeyId, policy: encoded, signature }
  }
  const start: Buffer = Buffer.from(`AWS4${secretAccessKey}`)
  const signingKey = scope
    .split('/')
    .reduce((secret, part) => createHmac('sha256', secret).update(part).digest(), start)
  const signature = createHmac('sha256', signingKey).update(encoded).digest('hex')
  return { ...signedFields, policy: encoded, 'x-amz-signature': signature }
}

/** A multipart/form-data body whose last field is the file. */
export function formBody(fields: Record<string, string>, file: Buffer | string): { body: Buffer; contentType: string } {
  const boundary = '----sceau-form-boundary'
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const head = `${parts.join('')}--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\nContent-Type: text/plain\r\n\r\n`
  return {
    body: Buffer.concat([Buffer.from(head), Buffer.from(file), Buffer.from(`\r\n--${boundary}--\r\n`)]),
    contentType: `multipart/form-data; boundary=${boundary}`,
  }
}
