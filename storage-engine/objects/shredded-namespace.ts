import { StorageError } from '#storage-engine/errors.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'

/**
 * A namespace that is to be shredded takes no new data, so that nobody puts anything where it will be lost; what is there
 * can be read, and deleted, until then. Throws AccessDenied.
 */
export function expectWritable({ shredState }: Pick<Bucket, 'shredState'>): void {
  if (shredState === 'scheduled') {
    throw new StorageError('AccessDenied', {
      message: 'The keys of this namespace are to be destroyed: it takes no new data.',
    })
  }
  expectNotShredded({ shredState })
}

/** Throws AccessDenied. */
export function expectNotShredded({ shredState }: Pick<Bucket, 'shredState'>): void {
  if (shredState === 'done') {
    throw new StorageError('AccessDenied', {
      message: 'The keys of this namespace have been destroyed, and its data with them.',
    })
  }
}
