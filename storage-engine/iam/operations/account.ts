import { memberList } from '#storage-engine/iam/answer.ts'
import { INLINE_POLICY_SIZES, MANAGED_POLICY_SIZE, QUOTAS, TRUST_POLICY_SIZE } from '#storage-engine/iam/limits.ts'
import { account, type IamOperation, operation } from '#storage-engine/iam/operation.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import { getRootObjectUser } from '#storage-engine/metadata/accounts.ts'
import { listKeysOfHolder } from '#storage-engine/metadata/iam-access-keys.ts'
import { countIamEntities } from '#storage-engine/metadata/iam-entities.ts'
import { listOidcProviders } from '#storage-engine/metadata/iam-oidc-providers.ts'
import { element } from '#storage-engine/xml-text.ts'

export const ACCOUNT_OPERATIONS: IamOperation[] = [
  operation('GetAccountSummary', account, getAccountSummary),
  /** Accounts go by no other name than their namespace's. */
  operation(
    'ListAccountAliases',
    account,
    async () => memberList('AccountAliases', []) + element('IsTruncated', false),
  ),
]

async function getAccountSummary({ engine, namespaceId }: IamRequest): Promise<string> {
  const count = (kind: 'user' | 'group' | 'role' | 'policy') => countIamEntities(engine.db, { kind, namespaceId })
  const [users, groups, roles, policies] = await Promise.all([
    count('user'),
    count('group'),
    count('role'),
    count('policy'),
  ])
  const providers = (await listOidcProviders(engine.db, { namespaceId })).length
  const { id } = await getRootObjectUser(engine.db, { namespaceId })
  const rootKeys = await listKeysOfHolder(engine.db, { namespaceId, holder: { kind: 'object-user', id } })
  const summary: Record<string, number> = {
    Users: users,
    UsersQuota: QUOTAS.user,
    Groups: groups,
    GroupsQuota: QUOTAS.group,
    Roles: roles,
    RolesQuota: QUOTAS.role,
    Policies: policies,
    PoliciesQuota: QUOTAS.policy,
    Providers: providers,
    AccessKeysPerUserQuota: QUOTAS.accessKeysPerUser,
    GroupsPerUserQuota: QUOTAS.groupsPerUser,
    AttachedPoliciesPerUserQuota: QUOTAS.attachedPolicies,
    AttachedPoliciesPerGroupQuota: QUOTAS.attachedPolicies,
    AttachedPoliciesPerRoleQuota: QUOTAS.attachedPolicies,
    VersionsPerPolicyQuota: QUOTAS.versionsPerPolicy,
    PolicySizeQuota: MANAGED_POLICY_SIZE,
    UserPolicySizeQuota: INLINE_POLICY_SIZES.user,
    GroupPolicySizeQuota: INLINE_POLICY_SIZES.group,
    RolePolicySizeQuota: INLINE_POLICY_SIZES.role,
    AssumeRolePolicySizeQuota: TRUST_POLICY_SIZE,
    MFADevices: 0,
    AccountMFAEnabled: 0,
    AccountAccessKeysPresent: rootKeys.length > 0 ? 1 : 0,
  }
  const entries = Object.entries(summary).map(
    ([key, value]) => `<entry>${element('key', key)}${element('value', value)}</entry>`,
  )
  return `<SummaryMap>${entries.join('')}</SummaryMap>`
}
