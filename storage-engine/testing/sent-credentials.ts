import {
  type RawAnswer,
  type RawRequest,
  sendRaw,
  sha256,
  signHeaders,
} from '#storage-engine/testing/signed-request.ts'
import type { TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

/** Those of a user that a test has made, or temporary ones. */
export interface SentCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

/** Sends an S3 request that is signed with such credentials. */
export function sendAs(
  gateway: TestGateway,
  credentials: SentCredentials,
  { method, target, headers: given, body: content = '' }: Pick<RawRequest, 'method' | 'target' | 'headers' | 'body'>,
): Promise<RawAnswer> {
  const body = Buffer.from(content)
  const headers: Record<string, string> = { host: `127.0.0.1:${gateway.port}`, ...given }
  if (body.length > 0 || method === 'PUT') headers['content-length'] = String(body.length)
  if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken
  const signed = signHeaders({ method, target, headers, payloadHash: sha256(body), credentials })
  return sendRaw(gateway, { method, target, headers: signed.headers, body })
}
