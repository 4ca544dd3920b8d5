import { decodePercent } from '#storage-engine/auth/percent-encoding.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { checkKeyLength } from '#storage-engine/s3/target.ts'

export interface CopySource {
  bucketName: string
  key: string
  versionId: string | null
}

/**
 * Reads x-amz-copy-source: `[/]bucket/key[?versionId=id]`, percent-encoded once. Unlike in a path a plus sign is a space, as
 * S3 has it: clients rely on it that encode the header like a form. Throws InvalidArgument.
 */
export function parseCopySource(header: string): CopySource {
  const at = header.lastIndexOf('?versionId=')
  const path = (at === -1 ? header : header.slice(0, at)).replace(/^\//, '')
  try {
    const decoded = decodePercent(path.replaceAll('+', ' '))
    const slash = decoded.indexOf('/')
    const bucketName = decoded.slice(0, slash)
    const key = decoded.slice(slash + 1)
    if (slash > 0 && key !== '' && !bucketName.startsWith('arn:')) {
      checkKeyLength(key)
      return { bucketName, key, versionId: at === -1 ? null : decodePercent(header.slice(at + '?versionId='.length)) }
    }
  } catch (cause) {
    throw invalidSource(header, cause)
  }
  throw invalidSource(header, undefined)
}

function invalidSource(header: string, cause: unknown): StorageError {
  return new StorageError('InvalidArgument', {
    message: 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    extra: { ArgumentName: 'x-amz-copy-source', ArgumentValue: header },
    cause,
  })
}
