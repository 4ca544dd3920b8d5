import { StorageError } from '#storage-engine/errors.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * Holds a client's `versionId` against the current version. `null` names the version of a bucket that was never versioned.
 * Throws NoSuchVersion, and InvalidArgument for what can be no version id.
 */
export function checkVersionId(versionId: string, object: { key: string; versionId: string; isNull: boolean }): void {
  checkVersionIdForm(versionId)
  const own = object.isNull ? 'null' : object.versionId
  if (versionId !== own) throw new StorageError('NoSuchVersion', { extra: { Key: object.key, VersionId: versionId } })
}

/** Throws InvalidArgument unless it is `null` or has the form of a version id. */
export function checkVersionIdForm(versionId: string): void {
  if (versionId === 'null' || UUID.test(versionId)) return
  throw new StorageError('InvalidArgument', {
    message: 'Invalid version id specified',
    extra: { ArgumentName: 'versionId', ArgumentValue: versionId },
  })
}
