import { parseConditions } from '#storage-engine/auth/condition-syntax.ts'
import type { Named, Policy, PolicyKind, Statement } from '#storage-engine/auth/policy.ts'
import { type Pattern, parsePattern } from '#storage-engine/auth/policy-pattern.ts'
import { type PrincipalPattern, parseAwsPrincipal } from '#storage-engine/auth/policy-principal.ts'
import { PolicySyntaxError } from '#storage-engine/auth/policy-syntax-error.ts'

const VERSIONS: ReadonlySet<unknown> = new Set(['2012-10-17', '2008-10-17'])
/** Since this version `${…}` is a variable. */
const VARIABLES_VERSION = '2012-10-17'
const STATEMENTS_MAX = 1_000
const VALUES_MAX = 5_000
const POLICY_FIELDS: ReadonlySet<string> = new Set(['Version', 'Id', 'Statement'])
const STATEMENT_FIELDS: ReadonlySet<string> = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
])
const ACTION_FORMS: Record<PolicyKind, RegExp> = {
  identity: /^(?:\*|[a-z0-9-]+:[a-z0-9*?]+)$/,
  trust: /^(?:\*|sts:[a-z0-9*?]+)$/,
  bucket: /^(?:\*|s3:[a-z0-9*?]+)$/,
}
const OWN_ARN = /^urn:[a-z0-9-]+:s3:/
const S3_ARN = /^arn:aws:s3:::(.+)$/

export type JsonObject = Record<string, unknown>

/** What the parts of one policy have in common. */
interface Scope {
  kind: PolicyKind
  variables: boolean
}

/**
 * Reads a policy. Throws PolicySyntaxError, whose message says what is wrong in AWS's words. Sizes are the caller's to limit.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export function parsePolicy(text: string, kind: PolicyKind): Policy {
  const document = parseDocument(text)
  const unknown = Object.keys(document).find((name) => !POLICY_FIELDS.has(name))
  if (unknown !== undefined) throw new PolicySyntaxError(`Unknown field ${unknown}`)
  const version = document['Version'] ?? '2008-10-17'
  if (!VERSIONS.has(version)) throw new PolicySyntaxError('The policy must contain a valid version string')
  if (document['Id'] !== undefined && typeof document['Id'] !== 'string') throw new PolicySyntaxError()
  if (document['Statement'] === undefined) throw missing('Statement')
  const listed = Array.isArray(document['Statement']) ? document['Statement'] : [document['Statement']]
  if (listed.length === 0) throw new PolicySyntaxError('Could not parse the policy: Statement is empty!')
  if (listed.length > STATEMENTS_MAX) throw new PolicySyntaxError()
  const scope = { kind, variables: version === VARIABLES_VERSION }
  const statements = listed.map((statement: unknown) => parseStatement(expectObject(statement), scope))
  if (kind === 'identity') checkSids(listed as JsonObject[])
  return { statements }
}

function parseDocument(text: string): JsonObject {
  const notJson = (cause?: unknown) =>
    new PolicySyntaxError("Policies must be valid JSON and the first byte must be '{'", { cause })
  if (!text.startsWith('{')) throw notJson()
  try {
    return JSON.parse(text) as JsonObject
  } catch (cause) {
    throw notJson(cause)
  }
}

function parseStatement(statement: JsonObject, scope: Scope): Statement {
  const unknown = Object.keys(statement).find((name) => !STATEMENT_FIELDS.has(name))
  if (unknown !== undefined) throw new PolicySyntaxError(`Unknown field ${unknown}`)
  const { Sid: sid, Effect: effect } = statement as { Sid?: unknown; Effect?: unknown }
  if (sid !== undefined && typeof sid !== 'string') throw new PolicySyntaxError()
  if (effect === undefined) throw missing('Effect')
  if (effect !== 'Allow' && effect !== 'Deny') throw new PolicySyntaxError(`Invalid effect: ${String(effect)}`)
  return {
    effect,
    principals: parsePrincipals(statement, scope),
    actions: parseActions(statement, scope),
    resources: parseResources(statement, scope),
    conditions: parseConditions(statement['Condition'], { ...scope, isS3: scope.kind === 'bucket' }),
  }
}

function parsePrincipals(statement: JsonObject, { kind }: Scope): Named<PrincipalPattern> | null {
  if (kind === 'identity') {
    // Says nothing, and some tools write it.
    if (statement['NotPrincipal'] === undefined && (statement['Principal'] ?? '*') === '*') return null
    throw new PolicySyntaxError('Policy document should not specify a principal.')
  }
  const { isNegated, value } = pick(statement, 'Principal')
  if (isNegated && statement['Effect'] === 'Allow') {
    throw new PolicySyntaxError('Allow with NotPrincipal is not allowed in a policy')
  }
  if (value === '*') return { isNegated, items: [{ kind: 'anyone' }] }
  const items: PrincipalPattern[] = []
  for (const [type, names] of Object.entries(expectObject(value, invalidPrincipal))) {
    for (const name of expectTexts(names, invalidPrincipal)) items.push(parsePrincipal(type, name))
  }
  if (items.length === 0) throw invalidPrincipal()
  return { isNegated, items }
}

function parsePrincipal(type: string, name: string): PrincipalPattern {
  if (type === 'AWS') return parseAwsPrincipal(name) ?? failPrincipal()
  if (type === 'CanonicalUser') return /^[0-9a-f]{32,64}$/.test(name) ? { kind: 'id', id: name } : failPrincipal()
  if (type === 'Service' && /^[a-z0-9.-]+\.amazonaws\.com$/.test(name)) return { kind: 'service', name }
  if (type === 'Federated' && name !== '*') return { kind: 'federated', provider: name }
  return failPrincipal()
}

function failPrincipal(): never {
  throw invalidPrincipal()
}

function invalidPrincipal(): PolicySyntaxError {
  return new PolicySyntaxError('Invalid principal in policy')
}

function parseActions(statement: JsonObject, { kind }: Scope): Named<Pattern> {
  const { isNegated, value } = pick(statement, 'Action')
  const invalid = () => new PolicySyntaxError('Policy has invalid action')
  const items = expectTexts(value, invalid).map((name) => {
    const action = name.toLowerCase()
    if (!ACTION_FORMS[kind].test(action)) throw invalid()
    return parsePattern(action, { wildcards: true, variables: false })
  })
  return { isNegated, items }
}

function parseResources(statement: JsonObject, { kind, variables }: Scope): Named<Pattern> | null {
  if (kind === 'trust') {
    if (statement['Resource'] === undefined && statement['NotResource'] === undefined) return null
    throw new PolicySyntaxError('Has prohibited field Resource')
  }
  const { isNegated, value } = pick(statement, 'Resource')
  const invalid = () => new PolicySyntaxError('Policy has invalid resource')
  const items = expectTexts(value, invalid).map((name) => {
    const resource = name.replace(OWN_ARN, 'arn:aws:s3:')
    const isArn = kind === 'bucket' ? S3_ARN.test(resource) : resource === '*' || resource.includes(':')
    if (!isArn) throw invalid()
    return parsePattern(resource, { wildcards: true, variables })
  })
  return { isNegated, items }
}

/** `Action` or `NotAction`, but not both. */
function pick(statement: JsonObject, name: string): { isNegated: boolean; value: unknown } {
  const value = statement[name]
  const negated = statement[`Not${name}`]
  if (value !== undefined && negated !== undefined) {
    throw new PolicySyntaxError(`Statement contains both ${name} and Not${name}`)
  }
  if (value === undefined && negated === undefined) throw missing(name)
  return { isNegated: value === undefined, value: value ?? negated }
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html */
function checkSids(statements: JsonObject[]): void {
  const sids = statements.map(({ Sid: sid }) => sid).filter((sid) => sid !== undefined && sid !== '')
  if (new Set(sids).size !== sids.length) {
    throw new PolicySyntaxError('Statement IDs (SID) in a single policy must be unique.')
  }
  if (sids.every((sid) => /^[A-Za-z0-9]+$/.test(sid as string))) return
  throw new PolicySyntaxError('Statement IDs (SID) must be alpha-numeric.')
}

function missing(name: string): PolicySyntaxError {
  return new PolicySyntaxError(`Missing required field ${name}`)
}

function expectObject(value: unknown, fail: () => Error = () => new PolicySyntaxError()): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw fail()
}

/** A text, or a list of some. */
function expectTexts(value: unknown, fail: () => Error): string[] {
  const listed: unknown[] = Array.isArray(value) ? value : [value]
  if (listed.length === 0 || listed.length > VALUES_MAX) throw fail()
  if (listed.every((each) => typeof each === 'string' && each !== '')) return listed as string[]
  throw fail()
}
