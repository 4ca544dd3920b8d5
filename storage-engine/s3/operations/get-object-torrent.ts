import { StorageError } from '#storage-engine/errors.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'

/**
 * No object has a torrent, as at AWS since it discontinued BitTorrent: what is asked for is not there.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTorrent.html
 */
export function getObjectTorrent({ key }: ObjectRequest): never {
  throw new StorageError('NoSuchKey', { message: 'The specified object has no torrent.', extra: { Key: key } })
}
