import { memberList } from '#storage-engine/iam/answer.ts'
import { GROUP_NAME, PATH, PATH_PREFIX, POLICY_NAME, ROLE_NAME, USER_NAME } from '#storage-engine/iam/limits.ts'
import { arnOf } from '#storage-engine/iam/names.ts'
import type { Found } from '#storage-engine/iam/operation.ts'
import { cutPage, readPage } from '#storage-engine/iam/page.ts'
import { optionalText, requiredText } from '#storage-engine/iam/parameters.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import { readTags } from '#storage-engine/iam/tags.ts'
import { type IamEntities, type IamEntity, listIamEntities } from '#storage-engine/metadata/iam-entities.ts'

/** What operations of IAM do alike with users, groups, roles and policies, which go by a name and a path. */
type Kind = 'user' | 'group' | 'role' | 'policy'

/** `User` of UserName and NewUserName, with the rule of such names. */
const NAMES: Record<Kind, { word: string; rule: typeof USER_NAME }> = {
  user: { word: 'User', rule: USER_NAME },
  group: { word: 'Group', rule: GROUP_NAME },
  role: { word: 'Role', rule: ROLE_NAME },
  policy: { word: 'Policy', rule: POLICY_NAME },
}

export type NameAndPath = Pick<IamEntity, 'name' | 'path'>

/** What is to be made, before it is there. Throws ValidationError. */
export function newEntity(request: IamRequest, kind: Kind): Found<NameAndPath> {
  const { word, rule } = NAMES[kind]
  const name = requiredText(request.parameters, `${word}Name`, rule)
  const path = optionalText(request.parameters, 'Path', PATH) ?? '/'
  return { resource: arnOf(request, kind, { path, name }), target: { name, path }, missing: '' }
}

/** The same of what can have tags from the first: whether it may be made can depend on them. Throws as `readTags`, too. */
export function newTaggedEntity(request: IamRequest, kind: Kind): Found<NameAndPath> {
  const found = newEntity(request, kind)
  readTags(request)
  return found
}

/** A page of all below PathPrefix, as members of an element. Throws ValidationError. */
export async function listEntities<K extends Exclude<Kind, 'policy'>>(
  request: IamRequest,
  { kind, xml }: { kind: K; xml: (entity: IamEntities[K]) => string },
): Promise<string> {
  const { engine, namespaceId, parameters } = request
  const pathPrefix = optionalText(parameters, 'PathPrefix', PATH_PREFIX) ?? '/'
  const page = readPage(parameters)
  const { after, limit } = page
  const found = await listIamEntities(engine.db, { kind, namespaceId, pathPrefix, after, limit: limit + 1 })
  const { items, end } = cutPage(found, page, ({ name }) => name.toLowerCase())
  return memberList(`${NAMES[kind].word}s`, items.map(xml)) + end
}

/**
 * The name and path that an update asks for. Moving an entity needs the right on it as it will be, too.
 * Throws ValidationError and AccessDenied.
 */
export function readMove(request: IamRequest, kind: 'user' | 'group', { name, path }: NameAndPath): NameAndPath {
  const { word, rule } = NAMES[kind]
  const moved = {
    name: optionalText(request.parameters, `New${word}Name`, rule) ?? name,
    path: optionalText(request.parameters, 'NewPath', PATH) ?? path,
  }
  request.check(`iam:Update${word}`, arnOf(request, kind, moved))
  return moved
}
