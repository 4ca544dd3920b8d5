import { issueTemporaryCredentials, type TemporaryCredentials } from '#storage-engine/accounts/session-token.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { group, time } from '#storage-engine/iam/answer.ts'
import { callerArn } from '#storage-engine/iam/authorize.ts'
import {
  ACCESS_KEY_ID,
  ROOT_SESSION_SECONDS_MAX,
  SESSION_SECONDS_MIN,
  USER_SESSION_SECONDS_DEFAULT,
  USER_SESSION_SECONDS_MAX,
} from '#storage-engine/iam/limits.ts'
import { account, type IamOperation, operation, withoutRight } from '#storage-engine/iam/operation.ts'
import { optionalInteger, refuseParameters, requiredText } from '#storage-engine/iam/parameters.ts'
import type { IamRequest, SignedPrincipal } from '#storage-engine/iam/request.ts'
import { findKeyWithHolder } from '#storage-engine/metadata/iam-access-keys.ts'
import { element } from '#storage-engine/xml-text.ts'

export const SESSION_OPERATIONS: IamOperation[] = [
  operation('GetCallerIdentity', withoutRight, getCallerIdentity),
  operation('GetSessionToken', withoutRight, getSessionToken),
  operation('GetAccessKeyInfo', account, getAccessKeyInfo),
]

async function getCallerIdentity({ caller }: IamRequest): Promise<string> {
  return [
    element('Arn', callerArn(caller)),
    element('UserId', userIdOf(caller)),
    element('Account', caller.accountId),
  ].join('')
}

/** AWS shows the account of a root user as its id. */
function userIdOf(caller: SignedPrincipal): string {
  if (caller.kind === 'role-session') return `${caller.uniqueId}:${caller.sessionName}`
  if (caller.kind === 'storage-account') return caller.uniqueId
  return caller.isRoot && caller.accountId !== '' ? caller.accountId : caller.canonicalId
}

/** Temporary credentials with the caller's own rights. */
async function getSessionToken({ engine, caller, parameters, now }: IamRequest): Promise<string> {
  refuseParameters(parameters, ['SerialNumber', 'TokenCode'], 'Second factors')
  if (caller.isTemporary || caller.kind === 'role-session') {
    throw new StorageError('AccessDenied', { message: 'Cannot call GetSessionToken with session credentials' })
  }
  const isRoot = caller.kind === 'object-user' && caller.isRoot
  const asked = optionalInteger(parameters, 'DurationSeconds', {
    min: SESSION_SECONDS_MIN,
    max: USER_SESSION_SECONDS_MAX,
  })
  const seconds = asked ?? USER_SESSION_SECONDS_DEFAULT
  const credentials = await issueTemporaryCredentials(engine, {
    identity: { kind: caller.kind, id: caller.id },
    sessionName: null,
    sessionPolicies: null,
    tags: {},
    issuedAt: now,
    expiresAt: now + 1000 * (isRoot ? Math.min(seconds, ROOT_SESSION_SECONDS_MAX) : seconds),
  })
  return credentialsXml(credentials)
}

export function credentialsXml(credentials: TemporaryCredentials): string {
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = credentials
  const fields = [
    element('AccessKeyId', accessKeyId),
    element('SecretAccessKey', secretAccessKey),
    element('SessionToken', sessionToken),
    element('Expiration', time(new Date(expiresAt))),
  ]
  return group('Credentials', fields.join(''))
}

/** Tells of keys of the caller's own namespace only: whose the others are is nobody's business. */
async function getAccessKeyInfo({ engine, namespaceId, accountId, parameters }: IamRequest): Promise<string> {
  const accessKeyId = requiredText(parameters, 'AccessKeyId', ACCESS_KEY_ID)
  if ((await findKeyWithHolder(engine.db, { namespaceId, accessKeyId })) === null) {
    throw new StorageError('ValidationError', { message: 'The access key id is not known in this account.' })
  }
  return element('Account', accountId)
}
