import type { Database } from '#storage-engine/metadata/database.ts'

/**
 * A digest of each table's whole content, by name: two that are equal prove that nothing was written between them. Of the
 * schema as it is, so that a new table counts by itself. When keys were last used is noted a while after, and left out.
 */
export async function digestDatabase(db: Database): Promise<Record<string, string>> {
  const tables = await db.query<{ name: string }>({
    name: 'list-tables',
    text: `select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
    values: [],
  })
  const digests: Record<string, string> = {}
  for (const { name } of tables) {
    const [row] = await db.query<{ digest: string }>({
      name: `digest-${name}`,
      text: `select count(*) || ' rows ' || md5(coalesce(string_agg(line, '' order by line), '')) as digest
from (select md5((to_jsonb(t) - array['last_used_at', 'last_used_service'])::text) as line from "${name}" t) lines`,
      values: [],
    })
    digests[name] = row?.digest ?? ''
  }
  return digests
}
