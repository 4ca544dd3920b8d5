import type { Queryable } from '#storage-engine/metadata/database.ts'

/** Those of the ids (of object users and storage accounts) that exist. Of any namespace: an ACL may name anybody. */
export interface FoundGrantees {
  /** Object user id by canonical id. */
  byCanonicalId: Map<string, string>
  /** Object user ids by e-mail address in lower case; several where addresses differ in case only. */
  byEmail: Map<string, string[]>
  storageAccountIds: Set<string>
}

/** One statement for all that an ACL names. `storageAccountIds` are UUIDs. */
export async function findGrantees(
  db: Queryable,
  names: { canonicalIds: string[]; emails: string[]; storageAccountIds: string[] },
): Promise<FoundGrantees> {
  const rows = await db.query<{ kind: 'canonical' | 'email' | 'account'; name: string; id: string }>({
    name: 'find-grantees',
    text: `
select 'canonical' as kind, canonical_id as name, id from object_users where canonical_id = any($1::text[])
union all select 'email', lower(email), id from object_users where lower(email) = any($2::text[])
union all select 'account', id::text, id from storage_accounts where id = any($3::uuid[])`,
    values: [names.canonicalIds, names.emails, names.storageAccountIds],
  })
  const of = (kind: string) =>
    rows.filter((row) => row.kind === kind).map(({ name, id }): [string, string] => [name, id])
  return {
    byCanonicalId: new Map(of('canonical')),
    byEmail: gather(of('email')),
    storageAccountIds: new Set(of('account').map(([, id]) => id)),
  }
}

function gather(pairs: [string, string][]): Map<string, string[]> {
  const gathered = new Map<string, string[]>()
  for (const [name, id] of pairs) gathered.set(name, [...(gathered.get(name) ?? []), id])
  return gathered
}

/** Names of storage accounts, of any namespace; at most 1,000 ids. */
export function findStorageAccountNames(
  db: Queryable,
  { ids }: { ids: string[] },
): Promise<{ id: string; name: string }[]> {
  return db.query({
    name: 'find-storage-account-names',
    text: 'select id, name from storage_accounts where id = any($1::uuid[])',
    values: [ids],
  })
}
