import { type Actor, requireAdministrator, requirePermission } from '#storage-engine/accounts/actor.ts'
import { closeSession, findActor } from '#storage-engine/accounts/console-sessions.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { getActivity } from '#storage-engine/service/activities.ts'
import { createActivityRunner } from '#storage-engine/service/activity-runner.ts'
import { createBucket, deleteBucket, getBucket, listBuckets } from '#storage-engine/service/buckets.ts'
import { type DeletionRequest, previewDeletion, startDeletion } from '#storage-engine/service/deletions.ts'
import { attest } from '#storage-engine/service/encryption-attestation.ts'
import { listBucketCoverage } from '#storage-engine/service/encryption-buckets.ts'
import { listEncryptionHistory } from '#storage-engine/service/encryption-history.ts'
import {
  changeNamespaceKeys,
  getNamespaceKeys,
  getShredRecord,
  keepShreddedNamespace,
  scheduleNamespaceShred,
} from '#storage-engine/service/encryption-keys.ts'
import { changeRootKeys, getRootKeys } from '#storage-engine/service/encryption-root.ts'
import {
  changeMigration,
  getNamespaceEncryption,
  setNamespaceEncryption,
} from '#storage-engine/service/encryption-switch.ts'
import {
  createNamedKey,
  deleteNamedKey,
  disableNamedKey,
  enableNamedKey,
  keepNamedKey,
  listNamedKeys,
  rotateNamedKey,
} from '#storage-engine/service/named-keys.ts'
import { createNamespace, getNamespace, listNamespaces, setSigV2 } from '#storage-engine/service/namespaces.ts'
import { getObject, listObjects, preflight } from '#storage-engine/service/objects.ts'
import { describeSession, openSession } from '#storage-engine/service/sessions.ts'
import {
  createWebhook,
  listDeliveries,
  listWebhooks,
  removeWebhook,
  retryDeliveries,
} from '#storage-engine/service/webhooks.ts'

export type { Actor }
export type Service = ReturnType<typeof createService>

/**
 * The programmatic door: what the console's routes and pages call. Each function takes the actor and plain input, checks
 * the permission itself, writes mutations to the audit and returns plain data, ready for JSON.
 */
export function createService(engine: Engine) {
  const runner = createActivityRunner(engine)
  return {
    access: { requirePermission, requireAdministrator },
    sessions: {
      ...bind(engine, { open: openSession, find: findActor, close: closeSession }),
      describe: describeSession,
    },
    buckets: bind(engine, { list: listBuckets, get: getBucket, create: createBucket, delete: deleteBucket }),
    objects: bind(engine, { list: listObjects, get: getObject, preflight }),
    deletions: {
      ...bind(engine, { preview: previewDeletion }),
      start: (actor: Actor, request: DeletionRequest) => startDeletion(engine, runner, actor, request),
    },
    activities: bind(engine, { get: getActivity }),
    namespaces: bind(engine, {
      list: listNamespaces,
      get: getNamespace,
      create: createNamespace,
      setSigV2,
    }),
    encryption: bind(engine, {
      get: getNamespaceEncryption,
      set: setNamespaceEncryption,
      changeMigration,
      attest,
      buckets: listBucketCoverage,
      history: listEncryptionHistory,
      keys: getNamespaceKeys,
      changeKeys: changeNamespaceKeys,
      shred: scheduleNamespaceShred,
      keep: keepShreddedNamespace,
      shredRecord: getShredRecord,
      rootKeys: getRootKeys,
      changeRootKeys,
    }),
    namedKeys: bind(engine, {
      list: listNamedKeys,
      create: createNamedKey,
      rotate: rotateNamedKey,
      disable: disableNamedKey,
      enable: enableNamedKey,
      delete: deleteNamedKey,
      keep: keepNamedKey,
    }),
    webhooks: bind(engine, {
      list: listWebhooks,
      create: createWebhook,
      delete: removeWebhook,
      deliveries: listDeliveries,
      retry: retryDeliveries,
    }),
    /** Lets work under way come to a safe point. */
    close: () => runner.stop(),
  }
}

type EngineFunction = (engine: Engine, ...rest: never[]) => unknown
type Bound<Functions> = {
  [Name in keyof Functions]: Functions[Name] extends (engine: Engine, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never
}

function bind<Functions extends Record<string, EngineFunction>>(
  engine: Engine,
  functions: Functions,
): Bound<Functions> {
  const entries = Object.entries(functions)
  return Object.fromEntries(entries.map(([name, run]) => [name, run.bind(null, engine)])) as Bound<Functions>
}
