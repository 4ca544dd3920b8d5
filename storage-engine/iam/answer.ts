import { encodePercent } from '#storage-engine/auth/percent-encoding.ts'
import { uniqueIdOf } from '#storage-engine/auth/unique-id.ts'
import { arnOf } from '#storage-engine/iam/names.ts'
import type { IamGroup, IamManagedPolicy, IamRole, IamTags } from '#storage-engine/metadata/iam-entities.ts'
import { element } from '#storage-engine/xml-text.ts'

interface Account {
  accountId: string
}

function member(content: string): string {
  return `<member>${content}</member>`
}

/** `<name><member>…</member>…</name>` of contents that are XML already. */
export function memberList(name: string, contents: readonly string[]): string {
  return `<${name}>${contents.map(member).join('')}</${name}>`
}

export function group(name: string, content: string): string {
  return `<${name}>${content}</${name}>`
}

/** To the second, as AWS shows times. */
export function time(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** Documents are answered percent-encoded. */
export function documentText(document: string): string {
  return encodePercent(document)
}

export function tagsXml(tags: IamTags): string {
  const entries = Object.entries(tags)
  return memberList(
    'Tags',
    entries.map(([key, value]) => element('Key', key) + element('Value', value)),
  )
}

export function groupXml(account: Account, { id, name, path, createdAt }: IamGroup): string {
  return [
    element('Path', path),
    element('GroupName', name),
    element('GroupId', uniqueIdOf('group', id)),
    element('Arn', arnOf(account, 'group', { path, name })),
    element('CreateDate', time(createdAt)),
  ].join('')
}

export function roleXml(account: Account, role: IamRole): string {
  const { id, name, path, createdAt, trustPolicy, description, maxSessionSeconds, tags } = role
  return [
    element('Path', path),
    element('RoleName', name),
    element('RoleId', uniqueIdOf('role', id)),
    element('Arn', arnOf(account, 'role', { path, name })),
    element('CreateDate', time(createdAt)),
    element('AssumeRolePolicyDocument', documentText(trustPolicy)),
    element('Description', description),
    element('MaxSessionDuration', maxSessionSeconds),
    Object.keys(tags).length === 0 ? '' : tagsXml(tags),
  ].join('')
}

export function policyXml(account: Account, policy: IamManagedPolicy): string {
  const { id, name, path, createdAt, updatedAt, description, defaultVersion, attachmentCount, tags } = policy
  return [
    element('PolicyName', name),
    element('PolicyId', uniqueIdOf('policy', id)),
    element('Arn', arnOf(account, 'policy', { path, name })),
    element('Path', path),
    element('DefaultVersionId', `v${defaultVersion}`),
    element('AttachmentCount', attachmentCount),
    element('PermissionsBoundaryUsageCount', 0),
    element('IsAttachable', true),
    element('Description', description),
    element('CreateDate', time(createdAt)),
    element('UpdateDate', time(updatedAt)),
    Object.keys(tags).length === 0 ? '' : tagsXml(tags),
  ].join('')
}
