import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import type { IamGroup, IamUser } from '#storage-engine/metadata/iam-entities.ts'
import { isOrphan } from '#storage-engine/metadata/postgres-errors.ts'

interface Membership {
  groupId: string
  userId: string
}

/** Idempotent. Throws NoSuchEntity when one of them is gone. */
export async function addGroupMember(db: Queryable, { groupId, userId }: Membership): Promise<void> {
  try {
    await db.query({
      name: 'add-group-member',
      text: 'insert into iam_group_members (group_id, storage_account_id) values ($1, $2) on conflict do nothing',
      values: [groupId, userId],
    })
  } catch (error) {
    throw isOrphan(error) ? new StorageError('NoSuchEntity', { cause: error }) : error
  }
}

/** False when it was no member. */
export async function removeGroupMember(db: Queryable, { groupId, userId }: Membership): Promise<boolean> {
  const deleted = await db.query({
    name: 'remove-group-member',
    text: 'delete from iam_group_members where group_id = $1 and storage_account_id = $2 returning group_id',
    values: [groupId, userId],
  })
  return deleted.length > 0
}

/** By lower-case name behind `after`, which is one too. */
export function listGroupMembers(
  db: Queryable,
  { groupId, after, limit }: { groupId: string; after: string; limit: number },
): Promise<IamUser[]> {
  return db.query({
    name: 'list-group-members',
    text: `
select a.id, a.name, a.path, a.tags, a.created_at as "createdAt" from iam_group_members m join storage_accounts a on a.id = m.storage_account_id
where m.group_id = $1 and lower(a.name) COLLATE "C" > $2 order by lower(a.name) COLLATE "C" limit $3`,
    values: [groupId, after, limit],
  })
}

/** By lower-case name. */
export function listGroupsOfUser(db: Queryable, { userId }: { userId: string }): Promise<IamGroup[]> {
  return db.query({
    name: 'list-groups-of-user',
    text: `
select g.id, g.name, g.path, g.created_at as "createdAt" from iam_group_members m join iam_groups g on g.id = m.group_id
where m.storage_account_id = $1 order by lower(g.name) COLLATE "C"`,
    values: [userId],
  })
}
