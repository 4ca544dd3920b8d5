import type { Config } from '#storage-engine/config.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { ObjectSettings } from '#storage-engine/object-settings.ts'

type Classes = Pick<Config, 'storageClasses' | 'archiveClasses'>

/** What is stored of a class that a client named: undefined for STANDARD. Throws InvalidStorageClass. */
export function checkStorageClass({ storageClasses }: Classes, name: string): string | undefined {
  if (storageClasses.includes(name)) return name === 'STANDARD' ? undefined : name
  throw new StorageError('InvalidStorageClass', { extra: { StorageClassRequested: name } })
}

/** Whether a version of these settings must be restored before its bytes can be read. */
export function isArchived({ archiveClasses }: Classes, settings: ObjectSettings | null): boolean {
  return settings?.storageClass !== undefined && archiveClasses.includes(settings.storageClass)
}

/** The moment until which a restored version can be read; null when it is not restored. */
export function restoredUntil(settings: ObjectSettings | null, now: number): Date | null {
  if (settings?.restoredUntil === undefined) return null
  const until = new Date(settings.restoredUntil)
  return until.getTime() > now ? until : null
}

/** Throws InvalidObjectState for an archived version that is not restored: its bytes cannot be read or copied. */
export function checkReadable(classes: Classes, settings: ObjectSettings | null, now = Date.now()): void {
  if (settings === null || !isArchived(classes, settings) || restoredUntil(settings, now) !== null) return
  throw new StorageError('InvalidObjectState', { extra: { StorageClass: settings.storageClass as string } })
}
