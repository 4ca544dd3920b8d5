import { StorageError } from '#storage-engine/errors.ts'

/** Of a query or a form, by name. */
export type Parameters = ReadonlyMap<string, string>

export interface TextRule {
  lengthMax: number
  lengthMin?: number
  /** Of the whole value. */
  pattern?: RegExp
}

const MEMBERS_MAX = 1000

/** Throws ValidationError when it is missing or breaks its rule. */
export function requiredText(parameters: Parameters, name: string, rule: TextRule): string {
  const value = optionalText(parameters, name, rule)
  if (value === null) throw invalid(`Value null at '${name}' failed to satisfy constraint: Member must not be null`)
  return value
}

/** Null when it is missing. Throws ValidationError when it breaks its rule. */
export function optionalText(parameters: Parameters, name: string, rule: TextRule): string | null {
  const value = parameters.get(name)
  return value === undefined ? null : checkText(name, value, rule)
}

export function checkText(name: string, value: string, { lengthMin = 1, lengthMax, pattern }: TextRule): string {
  const shown = value.slice(0, 100)
  const at = `Value '${shown}' at '${name}' failed to satisfy constraint:`
  if (value.length > lengthMax) throw invalid(`${at} Member must have length less than or equal to ${lengthMax}`)
  if (value.length < lengthMin) throw invalid(`${at} Member must have length greater than or equal to ${lengthMin}`)
  if (pattern !== undefined && !pattern.test(value)) {
    throw invalid(`${at} Member must satisfy regular expression pattern: ${pattern.source}`)
  }
  return value
}

/** Throws ValidationError. */
export function optionalInteger(
  parameters: Parameters,
  name: string,
  { min, max }: { min: number; max: number },
): number | null {
  const text = parameters.get(name)
  if (text === undefined) return null
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw invalid(
    `Value '${text.slice(0, 20)}' at '${name}' failed to satisfy constraint: Member must be a number from ${min} to ${max}`,
  )
}

/** Throws ValidationError. */
export function optionalBoolean(parameters: Parameters, name: string): boolean | null {
  const text = parameters.get(name)
  if (text === undefined) return null
  if (text !== 'true' && text !== 'false') throw invalid(`Value at '${name}' must be true or false`)
  return text === 'true'
}

/** `name.member.1`, `name.member.2`… An empty list is sent as `name=` by some. Throws ValidationError. */
export function members(parameters: Parameters, name: string, rule: TextRule): string[] {
  const values: string[] = []
  for (let index = 1; index <= MEMBERS_MAX; index++) {
    const value = parameters.get(`${name}.member.${index}`)
    if (value === undefined) return values
    values.push(checkText(`${name}.member.${index}`, value, rule))
  }
  throw invalid(`Value at '${name}' failed to satisfy constraint: Member must have at most ${MEMBERS_MAX} members`)
}

/** `name.member.1.Key`, `name.member.1.Value`… with the fields as they come; null for one that is missing. */
export function memberFields<Field extends string>(
  parameters: Parameters,
  name: string,
  fields: readonly Field[],
): Record<Field, string | null>[] {
  const found: Record<Field, string | null>[] = []
  for (let index = 1; index <= MEMBERS_MAX; index++) {
    const entries = fields.map((field) => [field, parameters.get(`${name}.member.${index}.${field}`) ?? null] as const)
    if (entries.every(([, value]) => value === null)) return found
    found.push(Object.fromEntries(entries) as Record<Field, string | null>)
  }
  throw invalid(`Value at '${name}' failed to satisfy constraint: Member must have at most ${MEMBERS_MAX} members`)
}

/** Throws InvalidInput when the request asks for what is not to be had here: leaving it out would say that it was done. */
export function refuseParameters(parameters: Parameters, names: readonly string[], what: string): void {
  const asked = names.find((name) => parameters.has(name))
  if (asked !== undefined) throw new StorageError('InvalidInput', { message: `${what} are not supported: ${asked}.` })
}

function invalid(message: string): StorageError {
  return new StorageError('ValidationError', { message: `1 validation error detected: ${message}` })
}
