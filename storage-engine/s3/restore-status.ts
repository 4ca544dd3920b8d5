import { StorageError } from '#storage-engine/errors.ts'
import type { ListedEntry } from '#storage-engine/metadata/listing.ts'
import type { ListedVersion } from '#storage-engine/metadata/listing-versions.ts'
import { findRestored, type NamedVersion, restoredName } from '#storage-engine/metadata/restored-versions.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { element } from '#storage-engine/xml-text.ts'

const OPTIONAL_ATTRIBUTES = 'x-amz-optional-object-attributes'

type RestoreStatus = (version: NamedVersion) => string
const nothing: RestoreStatus = () => ''

/**
 * What a listing says of the restored copies of its entries, when it is asked to: `<RestoreStatus>` of those that can be
 * read, '' of all others. A restore is done at once, so none is ever in progress. Throws InvalidArgument.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreStatus.html
 */
export async function restoreStatusOf(
  { engine, bucket, headers }: BucketRequest,
  entries: readonly (ListedEntry | ListedVersion)[],
): Promise<RestoreStatus> {
  const asked = headers.get(OPTIONAL_ATTRIBUTES)
  if (asked === undefined) return nothing
  const isArchived = ({ storageClass }: { storageClass: string }) => engine.config.archiveClasses.includes(storageClass)
  for (const name of asked.split(',')) {
    if (name.trim() !== 'RestoreStatus') {
      throw new StorageError('InvalidArgument', {
        message: 'Invalid attribute name specified.',
        extra: { ArgumentName: OPTIONAL_ATTRIBUTES, ArgumentValue: name.trim() },
      })
    }
  }
  const versions = entries.filter((entry) => entry.kind !== 'prefix').filter(isArchived)
  if (versions.length === 0) return nothing
  const restored = await findRestored(engine.db, { bucketId: bucket.id, versions })
  const now = new Date().toISOString()
  return (version) => {
    const until = restored.get(restoredName(version))
    if (until === undefined || until <= now) return ''
    const fields = element('IsRestoreInProgress', false) + element('RestoreExpiryDate', until)
    return `<RestoreStatus>${fields}</RestoreStatus>`
  }
}
