import type { BlobOwner } from '#storage-engine/blobs/blob-store.ts'

/** Whether a blob's header says what its reader believes; older headers do not say which form the bytes have. */
export function isOwnedBy(header: BlobOwner, owner: BlobOwner | undefined): boolean {
  if (owner === undefined) return true
  return (
    header.versionId === owner.versionId &&
    header.partNumber === owner.partNumber &&
    header.bucketId === owner.bucketId &&
    header.namespaceId === owner.namespaceId &&
    (header.form === owner.form || header.form === 0 || owner.form === 0)
  )
}
