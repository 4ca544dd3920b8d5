import { type Actor, requireAdministrator } from '#storage-engine/accounts/actor.ts'
import { audited } from '#storage-engine/accounts/audited.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import {
  getNamespaceWithUsage,
  listNamespacesWithUsage,
  type NamespaceWithUsage,
  setEncryptionMode,
  setSigV2Refusal,
} from '#storage-engine/metadata/namespaces.ts'
import {
  type CreateNamespaceInput,
  createNamespace as makeNamespace,
} from '#storage-engine/namespaces/create-namespace.ts'
import { decodeCursor, encodeCursor } from '#storage-engine/service/cursor.ts'
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
  return { namespaces: page.map(describe), nextCursor: last === undefined ? null : encodeCursor([last.name]) }
}

/** With its settings. Throws AccessDenied and NoSuchNamespace. */
export async function getNamespace(engine: Engine, actor: Actor, { namespace }: { namespace: string }) {
  requireAdministrator(actor)
  const { id } = await requireNamespace(engine, namespace)
  const found = await getNamespaceWithUsage(engine.db, { id })
  return { ...describe(found), sigV2: found.refusesSigV2 ? ('refused' as const) : ('accepted' as const) }
}

/** Throws AccessDenied, InvalidArgument, NamespaceAlreadyExists. */
export async function createNamespace(engine: Engine, actor: Actor, input: CreateNamespaceInput) {
  requireAdministrator(actor)
  const { name, encryptionMode } = input
  const act = { namespaceId: null, action: 'namespace.create', target: name, details: { encryptionMode } }
  const { namespaceId } = await audited(engine, actor, act, () => makeNamespace(engine, input))
  return describe(await getNamespaceWithUsage(engine.db, { id: namespaceId }))
}

/**
 * Throws the switch for new data. Once it resolves with `on`, no write that is acknowledged later leaves plain bytes.
 * Turning off needs the namespace's exact name in `confirm`. Throws AccessDenied, NoSuchNamespace, ConfirmationMismatch.
 */
export async function setEncryption(
  engine: Engine,
  actor: Actor,
  input: { namespace: string; mode: 'off' | 'on'; confirm?: string | undefined },
) {
  requireAdministrator(actor)
  const { id: namespaceId, name, encryptionMode: before } = await requireNamespace(engine, input.namespace)
  const details = { before, after: input.mode }
  await audited(engine, actor, { namespaceId, action: 'namespace.set-encryption', target: name, details }, async () => {
    if (input.mode === 'off' && before === 'on' && input.confirm !== name)
      throw new StorageError('ConfirmationMismatch')
    await setEncryptionMode(engine.db, { namespaceId, mode: input.mode })
  })
  return describe(await getNamespaceWithUsage(engine.db, { id: namespaceId }))
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

function describe(namespace: NamespaceWithUsage) {
  const { name, displayName, bucketCount, objectCount, sizeBytes, encryptionMode, coverage } = namespace
  const { encryptedBytes, plainBytes } = coverage
  return {
    name,
    displayName,
    createdAt: namespace.createdAt.toISOString(),
    bucketCount,
    objectCount,
    sizeBytes,
    encryption: { mode: encryptionMode, state: stateOf(namespace), encryptedBytes, plainBytes },
  }
}

/** What the blobs are, whatever the switch says; empty objects count too, by whether they were sealed. */
function stateOf({ encryptionMode, coverage }: NamespaceWithUsage): 'off' | 'on-new-data-only' | 'on' | 'mixed' {
  if (encryptionMode === 'on') return coverage.plainCount === 0 ? 'on' : 'on-new-data-only'
  return coverage.sealedCount === 0 && coverage.encryptedBytes === 0 ? 'off' : 'mixed'
}
