import { issueTemporaryCredentials } from '#storage-engine/accounts/session-token.ts'
import { cachedPolicy } from '#storage-engine/auth/cached-policy.ts'
import { evaluateIdentity, evaluatePolicies, evaluateSession } from '#storage-engine/auth/evaluate-policy.ts'
import { uniqueIdOf } from '#storage-engine/auth/unique-id.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { group } from '#storage-engine/iam/answer.ts'
import { denied } from '#storage-engine/iam/authorize.ts'
import {
  ARN,
  CHAINED_SECONDS_MAX,
  ROLE_SECONDS_MAX,
  SESSION_NAME,
  SESSION_SECONDS_DEFAULT,
  SESSION_SECONDS_MIN,
} from '#storage-engine/iam/limits.ts'
import { sessionArnOf } from '#storage-engine/iam/names.ts'
import { type IamOperation, operation, withoutRight } from '#storage-engine/iam/operation.ts'
import { credentialsXml } from '#storage-engine/iam/operations/sessions.ts'
import { optionalInteger, optionalText, refuseParameters, requiredText } from '#storage-engine/iam/parameters.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import { type FoundRole, findRoleByArn } from '#storage-engine/iam/role-by-arn.ts'
import { readSessionPolicies } from '#storage-engine/iam/session-policies.ts'
import { readTags } from '#storage-engine/iam/tags.ts'
import { element } from '#storage-engine/xml-text.ts'

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
const EXTERNAL_ID = { lengthMin: 2, lengthMax: 1224, pattern: /^[\w+=,.@:/-]+$/ }

// The role itself says who may take it on, so the right is asked for in `mayAssume`, with the role at hand.
export const ASSUME_ROLE: IamOperation = operation('AssumeRole', withoutRight, assumeRole)

async function assumeRole(request: IamRequest): Promise<string> {
  const { engine, parameters, caller, context, now } = request
  refuseParameters(parameters, ['SerialNumber', 'TokenCode'], 'Second factors')
  refuseParameters(
    parameters,
    ['SourceIdentity', 'TransitiveTagKeys.member.1', 'ProvidedContexts.member.1.ContextAssertion'],
    'Contexts that outlive a role',
  )
  const arn = requiredText(parameters, 'RoleArn', ARN)
  const sessionName = requiredText(parameters, 'RoleSessionName', SESSION_NAME)
  const externalId = optionalText(parameters, 'ExternalId', EXTERNAL_ID)
  const tags = readTags(request)
  context.set('sts:rolesessionname', [sessionName])
  if (externalId !== null) context.set('sts:externalid', [externalId])
  const found = await findRoleByArn(request, arn)
  const actions = ['sts:AssumeRole', ...(Object.keys(tags).length > 0 ? ['sts:TagSession'] : [])]
  for (const action of actions) {
    if (found === null || !mayAssume(request, { found, action })) throw denied(caller, action, arn)
  }
  const { role, accountId, namespaceId } = found as FoundRole
  if (namespaceId !== request.namespaceId) request.audit.namespaceIds.push(namespaceId)
  const seconds = readSeconds(request, role.maxSessionSeconds)
  const sessionPolicies = await readSessionPolicies(engine.db, { ...(found as FoundRole), parameters })
  const credentials = await issueTemporaryCredentials(engine, {
    identity: { kind: 'role', id: role.id },
    sessionName,
    sessionPolicies,
    tags,
    issuedAt: now,
    expiresAt: now + 1000 * seconds,
  })
  const user = [
    element('AssumedRoleId', `${uniqueIdOf('role', role.id)}:${sessionName}`),
    element('Arn', sessionArnOf({ accountId }, { roleName: role.name, sessionName })),
  ]
  return credentialsXml(credentials) + group('AssumedRoleUser', user.join(''))
}

/**
 * Within a namespace it is enough that the role's policy names the caller; where it names the account alone, the caller's
 * own policies must allow it too. Across namespaces both sides must, always.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
 */
function mayAssume({ caller, context }: IamRequest, { found, action }: { found: FoundRole; action: string }): boolean {
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use.html: nobody could limit what it does.
  if (caller.kind === 'object-user' && caller.isRoot) return false
  const { role, arn, namespaceId, namespaceName } = found
  const question = { principal: caller, action, resource: arn, namespaceName, context }
  const trust = evaluatePolicies([cachedPolicy(role.trustPolicy, 'trust')], question)
  const own = evaluateIdentity(question)
  if (trust === 'implicit-deny' || trust === 'explicit-deny' || own === 'explicit-deny') return false
  if (own === 'allow') return true
  if (namespaceId !== caller.namespaceId || trust === 'delegate') return false
  return trust === 'allow-session' || evaluateSession(question) === 'allow'
}

function readSeconds({ parameters, caller }: IamRequest, maxSessionSeconds: number): number {
  const limits = { min: SESSION_SECONDS_MIN, max: ROLE_SECONDS_MAX }
  const seconds = optionalInteger(parameters, 'DurationSeconds', limits) ?? SESSION_SECONDS_DEFAULT
  if (seconds > maxSessionSeconds) {
    throw new StorageError('ValidationError', {
      message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    })
  }
  if (seconds > CHAINED_SECONDS_MAX && caller.kind === 'role-session') {
    throw new StorageError('ValidationError', {
      message: 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    })
  }
  return seconds
}
