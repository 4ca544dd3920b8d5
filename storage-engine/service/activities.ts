import { type Actor, requirePermission } from '#storage-engine/accounts/actor.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { findActivity } from '#storage-engine/metadata/activities.ts'
import { readNotice } from '#storage-engine/notice.ts'

const UUID_PATTERN = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** How far long work is. Throws NoSuchNamespace, AccessDenied, NoSuchActivity. */
export async function getActivity(engine: Engine, actor: Actor, input: { namespace: string; id: string }) {
  const { namespaceId } = requirePermission(actor, input.namespace, 'object-storage_read')
  const activity = UUID_PATTERN.test(input.id) ? await findActivity(engine.db, { namespaceId, id: input.id }) : null
  if (activity === null) throw new StorageError('NoSuchActivity')
  const { id, state, doneCount, totalCount, message } = activity
  return {
    id,
    kind: activity.kind as 'delete-objects',
    state,
    doneCount,
    totalCount,
    ...readNotice(message),
    createdAt: activity.createdAt.toISOString(),
    updatedAt: activity.updatedAt.toISOString(),
  }
}
