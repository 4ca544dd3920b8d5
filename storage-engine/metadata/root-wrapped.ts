import { and, eq } from 'drizzle-orm'
import { namespaceKeys } from '#drizzle/schema/namespaces.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import type { NamespaceKeyVersion } from '#storage-engine/metadata/namespace-keys.ts'
import type { RootKeyId } from '#storage-engine/metadata/root-keys.ts'

/** Id and version of a root key, as every record that it wraps has them in clear (docs/formats/keys.md). */
const headOfRecord = (record: string) => `substring(${record} from 2 for 20)`
/** A sealed secret has its envelope key behind one byte, or behind three when its record may be long. */
const headOfSecret = (secret: string) =>
  `substring(${secret} from case get_byte(${secret}, 0) when 1 then 3 else 5 end for 20)`

/** The places in Postgres where secrets are sealed, with what their context is made of. */
const SECRET_TABLES = {
  access_keys: { id: 'access_key_id', column: 'sealed_secret' },
  webhooks: { id: 'id', column: 'sealed_secret' },
  side_keys: { id: 'purpose', column: 'sealed_seed' },
} as const

export type SecretTable = keyof typeof SECRET_TABLES
export const SEALED_SECRET_TABLES = Object.keys(SECRET_TABLES) as SecretTable[]

/** How many records in Postgres each root key wraps, as of one moment. */
export async function countRootWrapped(db: Queryable): Promise<(RootKeyId & { count: number })[]> {
  const heads = SEALED_SECRET_TABLES.map((table) => `select ${headOfSecret(SECRET_TABLES[table].column)} from ${table}`)
  const rows = await db.query<{ id: string; version: string; count: number }>({
    name: 'count-root-wrapped',
    text: `
select encode(substring(head for 16), 'hex')::uuid as id, ('x' || encode(substring(head from 17), 'hex'))::bit(32)::bigint as version, count(*)::float8 as count
from (select ${headOfRecord('wrapped_key')} as head from namespace_keys where wrapped_key is not null
  union all select ${headOfRecord('key_canary')} from installation union all ${heads.join(' union all ')}) heads group by 1, 2`,
    values: [],
  })
  return rows.map(({ id, version, count }) => ({ id, version: Number(version), count }))
}

export type LiveNamespaceKey = Pick<NamespaceKeyVersion, 'namespaceId' | 'version' | 'tokenId'> & { wrappedKey: Buffer }

/** Namespace keys that are not destroyed, in order of namespace and version, after that one. */
export function pageLiveNamespaceKeys(
  db: Queryable,
  { after, limit }: { after: { namespaceId: string; version: number } | null; limit: number },
): Promise<LiveNamespaceKey[]> {
  return db.query({
    name: 'page-live-namespace-keys',
    text: `
select namespace_id as "namespaceId", version, token_id as "tokenId", wrapped_key as "wrappedKey" from namespace_keys
where wrapped_key is not null and ($1::uuid is null or (namespace_id, version) > ($1, $2::integer)) order by namespace_id, version limit $3`,
    values: [after?.namespaceId ?? null, after?.version ?? null, limit],
  })
}

/** Compare-and-swap; false when somebody changed or destroyed it first. */
export async function saveRewrappedNamespaceKey(
  db: Queryable,
  input: LiveNamespaceKey & { rewrapped: { wrappedKey: Buffer; tokenId: string | null } },
): Promise<boolean> {
  const { namespaceId, version, wrappedKey, rewrapped } = input
  const isSame = and(
    eq(namespaceKeys.namespaceId, namespaceId),
    eq(namespaceKeys.version, version),
    eq(namespaceKeys.wrappedKey, wrappedKey),
  )
  const saved = await db.run((orm) =>
    orm.update(namespaceKeys).set(rewrapped).where(isSame).returning({ version: namespaceKeys.version }),
  )
  return saved.length === 1
}

/**
 * Holds a namespace key in its place until the transaction's end, if it is not destroyed: until then nobody destroys its shred
 * token, so that a rewritten token can never come back after its destruction.
 */
export async function holdNamespaceKey(
  tx: Queryable,
  { namespaceId, version }: { namespaceId: string; version: number },
): Promise<boolean> {
  const isAlive = await tx.query({
    name: 'hold-live-namespace-key',
    text: 'select version from namespace_keys where namespace_id = $1 and version = $2 and wrapped_key is not null for update',
    values: [namespaceId, version],
  })
  return isAlive.length === 1
}

export interface SealedRow {
  /** Access key id, UUID or purpose. */
  id: string
  sealed: Buffer
  /** Of a side key, by whose public half its secret is known. */
  publicKey?: Buffer
}

/** Secrets that another root key than that one protects, in order of id, after that one. */
export function pageSecretsUnderOthers(
  db: Queryable,
  { table, root, after, limit }: { table: SecretTable; root: RootKeyId; after: string | null; limit: number },
): Promise<SealedRow[]> {
  const { id, column } = SECRET_TABLES[table]
  return db.query({
    name: `page-secrets-${table}`,
    text: `
select ${id}::text as id, ${column} as sealed${table === 'side_keys' ? ', public_key as "publicKey"' : ''} from ${table}
where ${headOfSecret(column)} <> $1 and ($2::text is null or ${id}::text > $2) order by ${id}::text limit $3`,
    values: [headOf(root), after, limit],
  })
}

/** Compare-and-swap; false when somebody changed or removed it first. */
export async function saveResealedSecret(
  db: Queryable,
  { table, id, sealed, resealed }: { table: SecretTable; id: string; sealed: Buffer; resealed: Buffer },
): Promise<boolean> {
  const { id: idColumn, column } = SECRET_TABLES[table]
  const rows = await db.query({
    name: `save-secret-${table}`,
    text: `update ${table} set ${column} = $3 where ${idColumn}::text = $1 and ${column} = $2 returning 1`,
    values: [id, sealed, resealed],
  })
  return rows.length === 1
}

/** Compare-and-swap. */
export async function saveCanary(db: Queryable, { from, to }: { from: Buffer; to: Buffer }): Promise<boolean> {
  const rows = await db.query({
    name: 'save-canary',
    text: 'update installation set key_canary = $2 where key_canary = $1 returning id',
    values: [from, to],
  })
  return rows.length === 1
}

function headOf({ id, version }: RootKeyId): Buffer {
  const head = Buffer.alloc(20)
  head.write(id.replaceAll('-', ''), 'hex')
  head.writeUInt32BE(version, 16)
  return head
}
