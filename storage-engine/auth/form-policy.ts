import { StorageError } from '#storage-engine/errors.ts'

/** ISO 8601 in UTC: `2007-12-01T12:00:00.000Z`. */
const EXPIRATION = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/

/** Fields of a form by lower-case name, in the form's order. */
export type FormFields = ReadonlyMap<string, string>

/** What a form may say, as whoever signed it has it. */
export interface FormPolicy {
  /** Milliseconds since the epoch. */
  expiresAt: number
  conditions: readonly FieldCondition[]
  /** How many bytes the file may have; null when the policy does not say. */
  fileSize: { min: number; max: number } | null
}

interface FieldCondition {
  operator: 'eq' | 'starts-with'
  /** Lower case, without `$`. */
  name: string
  value: string
  /** For the message when it fails. */
  text: string
}

/**
 * Reads a policy document: base64 of JSON. Throws InvalidPolicyDocument.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
export function parseFormPolicy(base64: string): FormPolicy {
  const document = parseJson(base64)
  if (!isRecord(document)) throw invalid('Invalid JSON.')
  // Their own properties only, and in this very spelling.
  const fields = new Map(Object.entries(document))
  const conditions = fields.get('conditions')
  if (!fields.has('expiration')) throw invalid('Policy missing expiration.')
  if (!Array.isArray(conditions)) throw invalid('Policy missing conditions.')
  const policy = { expiresAt: parseExpiration(fields.get('expiration')), conditions: [], fileSize: null }
  return conditions.reduce(addCondition, policy)
}

function parseJson(base64: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64')))
  } catch (cause) {
    throw invalid('Invalid JSON.', cause)
  }
}

function parseExpiration(value: unknown): number {
  const time = typeof value === 'string' && EXPIRATION.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(time)) throw invalid(`Invalid 'expiration' value: '${String(value).slice(0, 100)}'`)
  return time
}

function addCondition(policy: FormPolicy, condition: unknown): FormPolicy {
  if (Array.isArray(condition)) {
    const [operator] = condition
    if (typeof operator === 'string' && operator.toLowerCase() === 'content-length-range') {
      return { ...policy, fileSize: parseFileSize(condition) }
    }
    return { ...policy, conditions: [...policy.conditions, parseFieldCondition(condition)] }
  }
  if (!isRecord(condition)) throw invalid('Invalid Condition: a condition is a list or an object.')
  const entries = Object.entries(condition)
  const [entry] = entries
  if (entry === undefined || entries.length > 1) {
    throw invalid('Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.')
  }
  const [name, value] = entry
  if (typeof value !== 'string') throw invalid('Invalid Simple-Condition: value must be a string.')
  const text = `["eq", "$${name}", "${value}"]`
  const equal: FieldCondition = { operator: 'eq', name: name.toLowerCase(), value, text }
  return { ...policy, conditions: [...policy.conditions, equal] }
}

function parseFieldCondition(condition: unknown[]): FieldCondition {
  const [operator, field, value] = condition
  if (
    condition.length !== 3 ||
    typeof operator !== 'string' ||
    typeof field !== 'string' ||
    typeof value !== 'string'
  ) {
    throw invalid('Invalid Condition: a condition needs an operator, a field and a value.')
  }
  const known = operator.toLowerCase()
  if (known !== 'eq' && known !== 'starts-with') throw invalid(`Invalid Condition: unknown operation '${operator}'.`)
  if (!field.startsWith('$')) throw invalid(`Invalid Condition: the field '${field}' must start with '$'.`)
  const text = `["${operator}", "${field}", "${value}"]`
  return { operator: known, name: field.slice(1).toLowerCase(), value, text }
}

function parseFileSize(condition: unknown[]): { min: number; max: number } {
  const [, min, max] = condition.map(toSize)
  if (condition.length !== 3 || min == null || max == null) {
    throw invalid('Invalid content-length-range: wrong number of arguments, or no sizes.')
  }
  return { min, max }
}

/** Some signers write numbers as text. */
function toSize(value: unknown): number | null {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : ''
  return /^\d{1,15}$/.test(text) ? Number(text) : null
}

/**
 * Holds a form against its policy: it must not have expired, its conditions must be met, and each field must have one.
 * `fields` has the bucket of the URL as `bucket`, whatever the form says. Throws AccessDenied.
 */
export function checkFormPolicy(
  { expiresAt, conditions }: FormPolicy,
  input: { fields: FormFields; now: number },
): void {
  const { fields, now } = input
  if (now > expiresAt) throw denied('Policy expired.')
  for (const condition of conditions) {
    if (!isMet(condition, fields.get(condition.name) ?? '')) throw denied(`Policy Condition failed: ${condition.text}`)
  }
  const covered = new Set(conditions.map(({ name }) => name))
  for (const name of fields.keys()) {
    if (!covered.has(name) && !isExempt(name)) throw denied(`Extra input fields: ${name}`)
  }
}

/** A list of content types must have the prefix in each of its members. */
function isMet({ operator, name, value }: FieldCondition, field: string): boolean {
  if (operator === 'eq') return field === value
  if (name === 'content-type') return field.split(',').every((type) => type.trim().startsWith(value))
  return field.startsWith(value)
}

const EXEMPT: ReadonlySet<string> = new Set(['awsaccesskeyid', 'file', 'policy', 'signature', 'x-amz-signature'])

/** A checksum only says what the file has to be, which whoever sends it chooses anyway. */
function isExempt(name: string): boolean {
  return EXEMPT.has(name) || name.startsWith('x-ignore-') || name.startsWith('x-amz-checksum-')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(reason: string, cause?: unknown): StorageError {
  return new StorageError('InvalidPolicyDocument', { message: `Invalid Policy: ${reason}`, cause })
}

function denied(reason: string): StorageError {
  return new StorageError('AccessDenied', { message: `Invalid according to Policy: ${reason}` })
}
