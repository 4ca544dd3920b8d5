import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { EventOrigin } from '#storage-engine/objects/object-event.ts'
import { isArchived, restoredUntil } from '#storage-engine/objects/storage-class.ts'
import { type UpdateObjectInput, updateObjectSettings } from '#storage-engine/objects/update-object.ts'

const DAY_MS = 86_400_000

export interface RestoreObjectInput extends Omit<UpdateObjectInput, 'event'> {
  /** For how long the version can be read; 1 or more. */
  days: number
  origin: EventOrigin
  /** Whether it is restored already, as far as the caller knows: then only its time changes, and nobody hears of it. */
  isRestored: boolean
  /** For the event. */
  storageClass: string
}

/**
 * Lets an archived version be read until the midnight UTC after `days`. Its bytes lie where all others lie, so a restore is
 * done at once. Throws InvalidObjectState when the version is not archived, and what updateObjectSettings throws.
 */
export async function restoreObject(engine: Engine, input: RestoreObjectInput): Promise<{ wasRestored: boolean }> {
  const { days, origin, isRestored, storageClass, ...address } = input
  const now = Date.now()
  const until = new Date((Math.floor((now + days * DAY_MS) / DAY_MS) + 1) * DAY_MS).toISOString()
  const restoreEventData = { lifecycleRestorationExpiryTime: until, lifecycleRestoreStorageClass: storageClass }
  let wasRestored = false
  await updateObjectSettings(engine, {
    ...address,
    ...(!isRestored && {
      event: {
        names: ['ObjectRestore:Post', 'ObjectRestore:Completed'],
        origin,
        extra: { glacierEventData: { restoreEventData } },
      },
    }),
    change(settings) {
      if (!isArchived(engine.config, settings)) throw notArchived(settings?.storageClass)
      wasRestored = restoredUntil(settings, now) !== null
      return { ...settings, restoredUntil: until }
    },
  })
  return { wasRestored }
}

function notArchived(storageClass = 'STANDARD'): StorageError {
  return new StorageError('InvalidObjectState', {
    message: "Restore is not allowed for the object's current storage class",
    extra: { StorageClass: storageClass },
  })
}
