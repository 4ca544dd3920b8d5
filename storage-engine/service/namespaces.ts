import { type Actor, requireAdministrator } from '#storage-engine/accounts/actor.ts'
import { audited } from '#storage-engine/accounts/audited.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { type EncryptionMigration, listMigrationsUnderWay } from '#storage-engine/metadata/encryption-migrations.ts'
import {
  getNamespaceWithUsage,
  listNamespacesWithUsage,
  type NamespaceWithUsage,
  setSigV2Refusal,
} from '#storage-engine/metadata/namespaces.ts'
import {
  type CreateNamespaceInput,
  createNamespace as makeNamespace,
} from '#storage-engine/namespaces/create-namespace.ts'
import { decodeCursor, encodeCursor } from '#storage-engine/service/cursor.ts'
import { encryptionStateOf } from '#storage-engine/service/encryption-state.ts'
import { requireNamespace } from '#storage-engine/service/require-namespace.ts'

/** By name, with exact usage: sums only, nothing of what tenants stored. Throws AccessDenied. */
export async function listNamespaces(
  engine: Engine,
  actor: Actor,
  { search, cursor, limit }: { search: string; cursor?: string | undefined; limit: number },
) {
  requireAdministrator(actor)
  const [afterName] = cursor === undefined ? [''] : decodeCursor(cursor, ['string'])
  const rows = await listNamespacesWithUsage(engine.db, { search, afterName, limit: limit + 1 })
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  const namespaces = await describeAll(engine, page)
  return { namespaces, nextCursor: last === undefined ? null : encodeCursor([last.name]) }
}

/** With its settings. Throws AccessDenied and NoSuchNamespace. */
export async function getNamespace(engine: Engine, actor: Actor, { namespace }: { namespace: string }) {
  requireAdministrator(actor)
  const { id } = await requireNamespace(engine, namespace)
  const found = await getNamespaceWithUsage(engine.db, { id })
  const [described] = await describeAll(engine, [found])
  return { ...(described as ReturnType<typeof describe>), sigV2: found.refusesSigV2 ? 'refused' : 'accepted' } as const
}

/** Throws AccessDenied, InvalidArgument, NamespaceAlreadyExists. */
export async function createNamespace(engine: Engine, actor: Actor, input: CreateNamespaceInput) {
  requireAdministrator(actor)
  const { name, encryptionMode } = input
  const act = { namespaceId: null, action: 'namespace.create', target: name, details: { encryptionMode } }
  const { namespaceId } = await audited(engine, actor, act, () => makeNamespace(engine, input))
  return describe(await getNamespaceWithUsage(engine.db, { id: namespaceId }), null)
}

/**
 * Refuses signatures of version 2 in a namespace, or takes them again; keys that are in use follow within 5 s.
 * Throws AccessDenied and NoSuchNamespace.
 */
export async function setSigV2(
  engine: Engine,
  actor: Actor,
  { namespace, isRefused }: { namespace: string; isRefused: boolean },
): Promise<void> {
  requireAdministrator(actor)
  const { id: namespaceId, name } = await requireNamespace(engine, namespace)
  const act = { namespaceId, action: 'namespace.set-sigv2', target: name, details: { isRefused } }
  await audited(engine, actor, act, () => setSigV2Refusal(engine.db, { namespaceId, refusesSigV2: isRefused }))
}

/** Each with the migration that is on its way, if one is. */
async function describeAll(engine: Engine, namespaces: NamespaceWithUsage[]) {
  const namespaceIds = namespaces.map(({ id }) => id)
  const migrations = await listMigrationsUnderWay(engine.db, { namespaceIds })
  const byNamespace = new Map(migrations.map((migration) => [migration.namespaceId, migration]))
  return namespaces.map((namespace) => describe(namespace, byNamespace.get(namespace.id) ?? null))
}

function describe(namespace: NamespaceWithUsage, migration: EncryptionMigration | null) {
  const { name, displayName, bucketCount, objectCount, sizeBytes, encryptionMode: mode, coverage } = namespace
  const { encryptedBytes, plainBytes } = coverage
  const state = encryptionStateOf(namespace, migration)
  return {
    name,
    displayName,
    createdAt: namespace.createdAt.toISOString(),
    bucketCount,
    objectCount,
    sizeBytes,
    encryption: { mode, state, encryptedBytes, plainBytes },
  }
}
