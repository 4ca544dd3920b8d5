import { StorageError } from '#storage-engine/errors.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'

/** One row of the operation table: an operation of the IAM or the STS API. */
export interface IamOperation {
  /** As AWS spells it; its action is `iam:<name>`. */
  name: string
  /** Reads what the request is about, so that it can be judged before anything is told. Throws ValidationError. */
  open(request: IamRequest): Promise<OpenedOperation>
}

export interface OpenedOperation {
  /** What is asked for: an ARN, or `*`; null when no right is needed, or the operation asks for it itself. */
  resource: string | null
  /** The content of the result element; null when the answer has none. Only after authorization. */
  run(): Promise<string | null>
}

/** What a request names. */
export interface Found<Target> {
  resource: string | null
  target: Target | null
  /** Said when there is no target. */
  missing: string
}

/** A row of an operation on something that must be there, or on what `find` makes up when nothing need be. */
export function operation<Target>(
  name: string,
  find: (request: IamRequest) => Found<Target> | Promise<Found<Target>>,
  run: (request: IamRequest, target: Target) => Promise<string | null>,
): IamOperation {
  return {
    name,
    async open(request) {
      const { resource, target, missing } = await find(request)
      return {
        resource,
        async run() {
          if (target === null) throw new StorageError('NoSuchEntity', { message: missing })
          return run(request, target)
        },
      }
    },
  }
}

/** For operations on the account as a whole, which policies can only name by `*`. */
export function account(): Found<true> {
  return { resource: '*', target: true, missing: '' }
}

/** For operations that AWS lets everybody with credentials do. */
export function withoutRight(): Found<true> {
  return { resource: null, target: true, missing: '' }
}
