import type { IamOperation } from '#storage-engine/iam/operation.ts'
import { ACCESS_KEY_OPERATIONS } from '#storage-engine/iam/operations/access-keys.ts'
import { ACCOUNT_OPERATIONS } from '#storage-engine/iam/operations/account.ts'
import { ASSUME_ROLE } from '#storage-engine/iam/operations/assume-role.ts'
import { ATTACHED_POLICY_OPERATIONS } from '#storage-engine/iam/operations/attached-policies.ts'
import { GROUP_OPERATIONS } from '#storage-engine/iam/operations/groups.ts'
import { INLINE_POLICY_OPERATIONS } from '#storage-engine/iam/operations/inline-policies.ts'
import { MANAGED_POLICY_OPERATIONS } from '#storage-engine/iam/operations/managed-policies.ts'
import { OIDC_PROVIDER_OPERATIONS } from '#storage-engine/iam/operations/oidc-providers.ts'
import { ROLE_OPERATIONS } from '#storage-engine/iam/operations/roles.ts'
import { SESSION_OPERATIONS } from '#storage-engine/iam/operations/sessions.ts'
import { TAG_OPERATIONS } from '#storage-engine/iam/operations/tags.ts'
import { USER_OPERATIONS } from '#storage-engine/iam/operations/users.ts'

export interface Api {
  service: 'iam' | 'sts'
  version: string
  /** Of its answers. */
  xmlNamespace: string
  operations: readonly IamOperation[]
}

export const APIS: readonly Api[] = [
  {
    service: 'iam',
    version: '2010-05-08',
    xmlNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    operations: [
      ...USER_OPERATIONS,
      ...ACCESS_KEY_OPERATIONS,
      ...GROUP_OPERATIONS,
      ...ROLE_OPERATIONS,
      ...INLINE_POLICY_OPERATIONS,
      ...ATTACHED_POLICY_OPERATIONS,
      ...MANAGED_POLICY_OPERATIONS,
      ...TAG_OPERATIONS,
      ...OIDC_PROVIDER_OPERATIONS,
      ...ACCOUNT_OPERATIONS,
    ],
  },
  {
    service: 'sts',
    version: '2011-06-15',
    xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    operations: [...SESSION_OPERATIONS, ASSUME_ROLE],
  },
]

const BY_NAME = new Map(APIS.flatMap((api) => api.operations.map((operation) => [operation.name, { api, operation }])))

/** The row of an action; null when there is none, or not in that version. */
export function findIamOperation(action: string, version: string | null): { api: Api; operation: IamOperation } | null {
  const found = BY_NAME.get(action)
  return found === undefined || (version !== null && found.api.version !== version) ? null : found
}
