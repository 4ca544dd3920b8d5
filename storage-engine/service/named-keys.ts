import { type Actor, requireAdministrator } from '#storage-engine/accounts/actor.ts'
import { audited } from '#storage-engine/accounts/audited.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { listNamedKeys as listRows } from '#storage-engine/metadata/named-keys.ts'
import {
  cancelNamedKeyDeletion as cancelDeletion,
  createNamedKey as create,
  disableNamedKey as disable,
  enableNamedKey as enable,
  rotateNamedKey as rotate,
  scheduleNamedKeyDeletion as scheduleDeletion,
} from '#storage-engine/namespaces/named-keys.ts'
import { requireNamespace } from '#storage-engine/service/require-namespace.ts'

export interface NamedKeyRequest {
  /** Name of the namespace. */
  namespace: string
  /** Of the key. */
  name: string
}

/** The keys that clients of a namespace may name in a request, by name. Throws AccessDenied and NoSuchNamespace. */
export async function listNamedKeys(engine: Engine, actor: Actor, { namespace }: { namespace: string }) {
  requireAdministrator(actor)
  const { id: namespaceId } = await requireNamespace(engine, namespace)
  const keys = await listRows(engine.db, { namespaceId })
  return keys.map(({ id, name, state, createdAt, deleteAt }) => ({
    id,
    name,
    state,
    createdAt: createdAt.toISOString(),
    deleteAt: deleteAt?.toISOString() ?? null,
  }))
}

/** Throws AccessDenied, NoSuchNamespace, InvalidArgument, NamedKeyAlreadyExists. */
export function createNamedKey(engine: Engine, actor: Actor, request: NamedKeyRequest) {
  return act(engine, actor, request, { verb: 'create', run: (input) => create(engine, input) })
}

/** Throws AccessDenied, NoSuchNamespace, NoSuchNamedKey. */
export function rotateNamedKey(engine: Engine, actor: Actor, request: NamedKeyRequest) {
  return act(engine, actor, request, { verb: 'rotate', run: (input) => rotate(engine, input) })
}

/** Throws AccessDenied, NoSuchNamespace, NoSuchNamedKey, InvalidArgument. */
export function disableNamedKey(engine: Engine, actor: Actor, request: NamedKeyRequest) {
  return act(engine, actor, request, { verb: 'disable', run: (input) => disable(engine, input) })
}

/** Throws AccessDenied, NoSuchNamespace, NoSuchNamedKey, InvalidArgument. */
export function enableNamedKey(engine: Engine, actor: Actor, request: NamedKeyRequest) {
  return act(engine, actor, request, { verb: 'enable', run: (input) => enable(engine, input) })
}

/** Throws AccessDenied, NoSuchNamespace, NoSuchNamedKey, InvalidArgument. */
export function deleteNamedKey(engine: Engine, actor: Actor, { days, ...request }: NamedKeyRequest & { days: number }) {
  const run = (input: { namespaceId: string; name: string }) => scheduleDeletion(engine, { ...input, days })
  return act(engine, actor, request, { verb: 'schedule-deletion', run, details: { days } })
}

/** Throws AccessDenied, NoSuchNamespace, NoSuchNamedKey, InvalidArgument. */
export function keepNamedKey(engine: Engine, actor: Actor, request: NamedKeyRequest) {
  return act(engine, actor, request, { verb: 'cancel-deletion', run: (input) => cancelDeletion(engine, input) })
}

async function act<Result>(
  engine: Engine,
  actor: Actor,
  { namespace, name }: NamedKeyRequest,
  deed: {
    verb: string
    run(input: { namespaceId: string; name: string }): Promise<Result>
    details?: Record<string, unknown>
  },
): Promise<Result> {
  requireAdministrator(actor)
  const { id: namespaceId } = await requireNamespace(engine, namespace)
  const { verb, run, details = {} } = deed
  return audited(engine, actor, { namespaceId, action: `named-key.${verb}`, target: name, details }, () =>
    run({ namespaceId, name }),
  )
}
