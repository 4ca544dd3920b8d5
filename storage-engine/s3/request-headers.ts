import type { Headers } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** A non-negative integer of a header. Throws InvalidArgument. */
export function integerHeader(headers: Headers, name: string): number | null {
  const text = headers.get(name)
  if (text === undefined) return null
  if (!/^\d{1,15}$/.test(text)) {
    throw new StorageError('InvalidArgument', {
      message: `The header ${name} must be a number.`,
      extra: { ArgumentName: name, ArgumentValue: text },
    })
  }
  return Number(text)
}
