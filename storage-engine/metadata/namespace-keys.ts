import type { Queryable } from '#storage-engine/metadata/database.ts'
import type { NamespaceKey } from '#storage-engine/metadata/namespaces.ts'

/** Every version of the namespace's key, oldest first, and the key epoch at that moment; none when there is no such namespace. */
export async function loadNamespaceKeys(
  db: Queryable,
  { namespaceId }: { namespaceId: string },
): Promise<{ epoch: number; rows: NamespaceKey[] }> {
  const rows = await db.query<NamespaceKey & { epoch: number }>({
    name: 'load-namespace-keys',
    text: `
select n.key_epoch as epoch, k.version, k.state, k.wrapped_key as "wrappedKey", k.token_id as "tokenId"
from namespaces n join namespace_keys k on k.namespace_id = n.id where n.id = $1 order by k.version`,
    values: [namespaceId],
  })
  return { epoch: rows[0]?.epoch ?? 0, rows: rows.map(({ epoch: _, ...row }) => row) }
}

/** Whether some key that is not destroyed needs a shred token. */
export async function hasShredTokens(db: Queryable): Promise<boolean> {
  const [row] = await db.query<{ found: boolean }>({
    name: 'has-shred-tokens',
    text: 'select exists (select from namespace_keys where token_id is not null and wrapped_key is not null) as found',
    values: [],
  })
  return row?.found === true
}
