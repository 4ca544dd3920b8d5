import type { AccessQuestion } from '#storage-engine/auth/authorize.ts'
import type { Principal } from '#storage-engine/auth/principal.ts'

/** A policy as JSON has it, of the elements that the property test writes. */
export interface ReferencePolicy {
  Version: string
  Statement: ReferenceStatement[]
}

export interface ReferenceStatement {
  Effect: 'Allow' | 'Deny'
  Principal?: '*' | { AWS: string[] }
  NotPrincipal?: { AWS: string[] }
  Action?: string[]
  NotAction?: string[]
  Resource?: string[]
  NotResource?: string[]
  Condition?: Record<string, Record<string, string[]>>
}

type Reach = 'account' | 'identity' | 'session'

/** How closely the statement names the principal when it applies to the question; null when it does not apply. */
export function applies(statement: ReferenceStatement, question: AccessQuestion, hasVariables: boolean): Reach | null {
  const reach = namesWhom(statement, question)
  const resource = `arn:aws:s3:::${question.bucket?.name}${question.key === null ? '' : `/${question.key}`}`
  const action = question.action.toLowerCase()
  const isAction = (list: string[]) => list.some((each) => toRegExp(each.toLowerCase()).test(action))
  const isResource = (list: string[]) =>
    list.some((each) => {
      const source = hasVariables ? substitute(each, question) : escapeAll(each)
      return source !== null && new RegExp(`^${source}$`, 's').test(resource)
    })
  const unresolved = (list: string[]) => hasVariables && list.some((each) => substitute(each, question) === null)
  if (reach === null) return null
  if (statement.Action !== undefined && !isAction(statement.Action)) return null
  if (statement.NotAction !== undefined && isAction(statement.NotAction)) return null
  if (statement.Resource !== undefined && !isResource(statement.Resource)) return null
  if (statement.NotResource !== undefined) {
    if (isResource(statement.NotResource)) return null
    if (statement.Effect === 'Allow' && unresolved(statement.NotResource)) return null
  }
  for (const [operator, keys] of Object.entries(statement.Condition ?? {})) {
    for (const [key, values] of Object.entries(keys)) {
      if (!conditionHolds({ operator, key, values, effect: statement.Effect, hasVariables }, question)) return null
    }
  }
  return reach
}

function namesWhom({ Principal, NotPrincipal }: ReferenceStatement, question: AccessQuestion): Reach | null {
  if (Principal === undefined && NotPrincipal === undefined) return 'identity'
  if (Principal === '*') return 'identity'
  const listed = (Principal ?? NotPrincipal)?.AWS ?? []
  const found = new Set(
    listed.map((name) => nameReaches(name, question.principal, question.bucket?.namespaceName ?? '')),
  )
  const best = (['session', 'identity', 'account'] as const).find((reach) => found.has(reach)) ?? null
  if (NotPrincipal === undefined) return best
  return best === null ? 'identity' : null
}

function nameReaches(name: string, principal: Principal, bucketAccount: string): Reach | null {
  if (name === '*') return 'identity'
  if (principal.kind === 'anonymous') return null
  const [, account, rest] = /^arn:aws:(?:iam|sts)::([^:]*):(.*)$/.exec(name) as unknown as [string, string, string]
  if ((account || bucketAccount) !== principal.namespaceName) return null
  if (rest === 'root') return principal.kind === 'object-user' && principal.isRoot ? 'identity' : 'account'
  const own: Record<string, Reach> = {}
  if (principal.kind === 'object-user') own[`user/${principal.canonicalId}`] = 'identity'
  if (principal.kind === 'storage-account') own[`user${principal.path}${principal.name}`] = 'identity'
  if (principal.kind === 'role-session') {
    own[`role${principal.path}${principal.roleName}`] = 'identity'
    own[`assumed-role/${principal.roleName}/${principal.sessionName}`] = 'session'
  }
  return own[rest] ?? null
}

interface OneCondition {
  operator: string
  key: string
  values: string[]
  effect: 'Allow' | 'Deny'
  hasVariables: boolean
}

function conditionHolds(
  { operator, key, values, effect, hasVariables }: OneCondition,
  question: AccessQuestion,
): boolean {
  const present = question.context.get(key.toLowerCase()) ?? []
  if (operator === 'Null') return values.some((value) => (value === 'true') === (present.length === 0))
  const quantifier = operator.includes(':') ? operator.slice(0, operator.indexOf(':')) : null
  const plain = operator.slice(operator.indexOf(':') + 1).replace(/IfExists$/, '')
  const isNegated = plain.includes('Not')
  const matcher = plain.replace('Not', '')
  if (present.length === 0) {
    if (operator.endsWith('IfExists')) return true
    if (quantifier === 'ForAllValues') return true
    return quantifier === null && isNegated
  }
  const usable = values.map((value) => (hasVariables && matcher.startsWith('String') ? fill(value, question) : value))
  if (isNegated && effect === 'Allow' && usable.includes(null)) return false
  const equalsAny = (one: string) =>
    usable.some((value) => value !== null && matchOne(matcher, value, one, hasVariables))
  const verdicts = present.map((one) => equalsAny(one) !== isNegated)
  if (quantifier === 'ForAllValues') return verdicts.every(Boolean)
  if (quantifier === 'ForAnyValue') return verdicts.some(Boolean)
  return isNegated ? verdicts.every(Boolean) : verdicts.some(Boolean)
}

/** Text with its variables filled in; what they bring is marked so that it is taken literally. Null for want of a value. */
function fill(text: string, question: AccessQuestion): string | null {
  let isWhole = true
  const filled = text.replace(/\$\{([^}]*)\}/g, (_, key: string) => {
    if (key === '*' || key === '?' || key === '$') return `\u0001${key}\u0002`
    const values = question.context.get(key.toLowerCase())
    if (values?.length !== 1) isWhole = false
    return `\u0001${values?.[0] ?? ''}\u0002`
  })
  return isWhole ? filled : null
}

function matchOne(matcher: string, value: string, one: string, hasVariables: boolean): boolean {
  const literal = hasVariables ? value.replaceAll('\u0001', '').replaceAll('\u0002', '') : value
  if (matcher === 'StringEquals') return literal === one
  if (matcher === 'StringEqualsIgnoreCase') return literal.toLowerCase() === one.toLowerCase()
  if (matcher === 'StringLike') return new RegExp(`^${sourceOf(value)}$`, 's').test(one)
  if (matcher === 'NumericLessThan') return Number(one) < Number(value)
  if (matcher === 'NumericEquals') return Number(one) === Number(value)
  if (matcher === 'Bool') return one === value
  if (matcher === 'IpAddress') return inRange(value, one)
  throw new Error(`the reference knows no ${matcher}`)
}

function inRange(range: string, address: string): boolean {
  const [start = '', bits = '32'] = range.split('/')
  const toNumber = (text: string) => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(bits))
  return Math.floor(toNumber(start) / size) === Math.floor(toNumber(address) / size)
}

function substitute(text: string, question: AccessQuestion): string | null {
  const filled = fill(text, question)
  return filled === null ? null : sourceOf(filled)
}

/** Source of a regular expression; between the marks everything is literal. */
function sourceOf(text: string): string {
  const [head = '', ...rest] = text.split('\u0001')
  const marked = rest.map((part) => {
    const end = part.indexOf('\u0002')
    return escapeRegExp(part.slice(0, end)) + escapeAll(part.slice(end + 1))
  })
  return escapeAll(head) + marked.join('')
}

function escapeAll(text: string): string {
  return escapeRegExp(text).replaceAll('\\*', '.*').replaceAll('\\?', '.')
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}

function toRegExp(text: string): RegExp {
  return new RegExp(`^${escapeAll(text)}$`, 's')
}

/** Public, of what the property test writes: an Allow for everybody that no fixed address range ties down. */
export function isPublicDocument(document: string): boolean {
  const { Statement } = JSON.parse(document) as ReferencePolicy
  return Statement.some(({ Effect, Principal, Condition = {} }) => {
    const isForAll = Principal === '*' || (typeof Principal === 'object' && Principal.AWS.includes('*'))
    const ranges = [Condition['IpAddress'], Condition['ForAnyValue:IpAddress']].flatMap((each) =>
      each?.['aws:SourceIp'] ? [each['aws:SourceIp']] : [],
    )
    const isTied = ranges.some((list) => list.every((range) => Number(range.split('/')[1] ?? 32) >= 8))
    return Effect === 'Allow' && isForAll && !isTied
  })
}
