import { StorageError } from '#storage-engine/errors.ts'

/** A configuration of a bucket that contradicts itself. */
export function invalidRequest(message: string): StorageError {
  return new StorageError('InvalidRequest', { message })
}

/** A value in a configuration of a bucket that cannot be. */
export function invalidArgument(name: string, value: string, message: string): StorageError {
  return new StorageError('InvalidArgument', { message, extra: { ArgumentName: name, ArgumentValue: value } })
}
