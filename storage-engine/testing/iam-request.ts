import type { SentCredentials } from '#storage-engine/testing/sent-credentials.ts'
import { type RawAnswer, sendRaw, sha256, signHeaders } from '#storage-engine/testing/signed-request.ts'
import type { TestCaller, TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

const STS_VERSION = '2011-06-15'
const IAM_VERSION = '2010-05-08'

export interface IamCall {
  action: string
  parameters?: Record<string, string>
  /** Nobody when null; the root user by default. */
  as?: TestCaller | SentCredentials | null
  service?: 'iam' | 'sts'
}

/** Sends a form to the IAM API, or to STS when it is of that, as SDKs do. */
export function callIam(gateway: TestGateway, call: IamCall): Promise<RawAnswer> {
  const service =
    call.service ?? (/^(?:Assume|GetCaller|GetSession|GetAccessKeyInfo)/.test(call.action) ? 'sts' : 'iam')
  const version = service === 'sts' ? STS_VERSION : IAM_VERSION
  const body = Buffer.from(
    new URLSearchParams({ Action: call.action, Version: version, ...call.parameters }).toString(),
  )
  const as = call.as === undefined ? 'root' : call.as
  const credentials = typeof as === 'string' ? gateway.credentials[as] : as
  const headers: Record<string, string> = {
    host: `127.0.0.1:${gateway.port}`,
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'content-length': String(body.length),
  }
  const sessionToken = (credentials as SentCredentials | null)?.sessionToken
  if (sessionToken !== undefined) headers['x-amz-security-token'] = sessionToken
  if (credentials === null) return sendRaw(gateway, { method: 'POST', target: '/', headers, body })
  const signed = signHeaders({ method: 'POST', target: '/', headers, payloadHash: sha256(body), credentials, service })
  return sendRaw(gateway, { method: 'POST', target: '/', headers: signed.headers, body })
}

/** The same, for what must succeed. */
export async function doIam(gateway: TestGateway, call: IamCall): Promise<RawAnswer> {
  const answer = await callIam(gateway, call)
  if (answer.status !== 200) throw new Error(`${call.action}: ${answer.status} ${answer.text}`)
  return answer
}

/** Content of the first `<name>`; '' when there is none. */
export function fieldOf({ text }: RawAnswer, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? ''
}

/** A user of acme with an access key and, when given, an inline policy that allows these actions everywhere. */
export async function createIamUser(
  gateway: TestGateway,
  { name, allow, as = 'root' }: { name: string; allow?: string | string[]; as?: TestCaller },
): Promise<SentCredentials & { arn: string; userId: string }> {
  const created = await doIam(gateway, { action: 'CreateUser', parameters: { UserName: name }, as })
  if (allow !== undefined) {
    const parameters = { UserName: name, PolicyName: 'allow', PolicyDocument: policyOf({ Action: allow }) }
    await doIam(gateway, { action: 'PutUserPolicy', parameters, as })
  }
  const key = await doIam(gateway, { action: 'CreateAccessKey', parameters: { UserName: name }, as })
  return {
    accessKeyId: fieldOf(key, 'AccessKeyId'),
    secretAccessKey: fieldOf(key, 'SecretAccessKey'),
    arn: fieldOf(created, 'Arn'),
    userId: fieldOf(created, 'UserId'),
  }
}

/** A policy of one statement that allows, on everything, unless it says otherwise. */
export function policyOf(statement: Record<string, unknown>): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', ...('Principal' in statement ? {} : { Resource: '*' }), ...statement }],
  })
}
