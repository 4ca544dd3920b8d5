import { setTimeout as sleep } from 'node:timers/promises'
import type { Actor } from '#storage-engine/accounts/actor.ts'
import { audited } from '#storage-engine/accounts/audited.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { newId } from '#storage-engine/ids.ts'
import { insertActivity } from '#storage-engine/metadata/activities.ts'
import { measureSelection } from '#storage-engine/metadata/object-selections.ts'
import { getActivity } from '#storage-engine/service/activities.ts'
import type { ActivityRunner } from '#storage-engine/service/activity-runner.ts'
import { requireBucket } from '#storage-engine/service/buckets.ts'
import type { DeletionInput } from '#storage-engine/service/perform-deletion.ts'

/** A deletion that ends sooner is answered as done; else it goes on as an activity. */
const PATIENCE_MS = 1000

export interface DeletionRequest {
  namespace: string
  bucket: string
  keys: string[]
  /** Each stands for every key that begins with it. */
  prefixes: string[]
}

/** What a deletion would take away. Throws NoSuchNamespace, AccessDenied, NoSuchBucket. */
export async function previewDeletion(engine: Engine, actor: Actor, request: DeletionRequest) {
  const bucket = await requireBucket(engine, actor, request, 'object-storage_write')
  return measureSelection(engine.db, { bucketId: bucket.id, keys: request.keys, prefixes: request.prefixes })
}

/** Starts a deletion and waits for it a second. Throws NoSuchNamespace, AccessDenied, NoSuchBucket. */
export async function startDeletion(engine: Engine, runner: ActivityRunner, actor: Actor, request: DeletionRequest) {
  const bucket = await requireBucket(engine, actor, request, 'object-storage_write')
  const { keys, prefixes } = request
  const input: DeletionInput = { bucketId: bucket.id, bucketName: bucket.name, keys, prefixes }
  const { namespaceId } = bucket
  const measured = await measureSelection(engine.db, input)
  const act = {
    namespaceId,
    action: 'object.delete',
    target: bucket.name,
    details: { ...measured, ...summaryOf(request) },
  }
  const id = newId()
  const activity = await audited(engine, actor, act, () =>
    insertActivity(engine.db, {
      id,
      namespaceId,
      kind: 'delete-objects',
      startedBy: actor.userId,
      totalCount: measured.objectCount,
      input: { ...input },
    }),
  )
  await Promise.race([runner.run(activity), sleep(PATIENCE_MS)])
  return { activity: await getActivity(engine, actor, { namespace: request.namespace, id }) }
}

/** Names for the audit, as many as a person reads. */
function summaryOf({ keys, prefixes }: DeletionRequest) {
  const NAMES_MAX = 20
  return { keys: keys.slice(0, NAMES_MAX), prefixes: prefixes.slice(0, NAMES_MAX), keyCount: keys.length }
}
