import { StorageError } from '#storage-engine/errors.ts'
import { tagsXml } from '#storage-engine/iam/answer.ts'
import { iamRole } from '#storage-engine/iam/group-and-role.ts'
import { ownPolicy } from '#storage-engine/iam/managed-policy.ts'
import { type Found, type IamOperation, operation } from '#storage-engine/iam/operation.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import { readTagKeys, readTags, withoutTags, withTags } from '#storage-engine/iam/tags.ts'
import { storageAccount } from '#storage-engine/iam/user.ts'
import { findIamEntity, type IamTags, setIamTags } from '#storage-engine/metadata/iam-entities.ts'
import { changeIam } from '#storage-engine/metadata/iam-epochs.ts'
import { element } from '#storage-engine/xml-text.ts'

interface Tagged {
  name: string
  tags: IamTags
}

type FindTagged = (request: IamRequest) => Promise<Found<Tagged>>

const TAGGED: { kind: 'user' | 'role' | 'policy'; noun: string; find: FindTagged }[] = [
  { kind: 'user', noun: 'User', find: storageAccount },
  { kind: 'role', noun: 'Role', find: iamRole },
  { kind: 'policy', noun: 'Policy', find: ownPolicy },
]

export const TAG_OPERATIONS: IamOperation[] = TAGGED.flatMap(({ kind, noun, find }) => [
  operation(`Tag${noun}`, afterReading(readTags, find), (request, { name }) =>
    changeTags(request, { kind, name, change: (tags) => withTags(tags, readTags(request)) }),
  ),
  operation(`Untag${noun}`, afterReading(readTagKeys, find), (request, { name }) =>
    changeTags(request, { kind, name, change: (tags) => withoutTags(tags, readTagKeys(request)) }),
  ),
  operation(`List${noun}Tags`, find, async (_request, { tags }) => tagsXml(tags) + element('IsTruncated', false)),
])

/** Conditions see the tags of the request, so they are read before it is judged. */
function afterReading(read: (request: IamRequest) => unknown, find: FindTagged): FindTagged {
  return (request) => {
    read(request)
    return find(request)
  }
}

async function changeTags(
  { engine, namespaceId }: IamRequest,
  input: { kind: 'user' | 'role' | 'policy'; name: string; change: (tags: IamTags) => IamTags },
): Promise<null> {
  const { kind, name, change } = input
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    const found = await findIamEntity(tx, { kind, namespaceId, name })
    if (found === null) throw new StorageError('NoSuchEntity')
    await setIamTags(tx, { kind, id: found.id, tags: change(found.tags) })
  })
  return null
}
