import { decodePercent } from '#storage-engine/auth/percent-encoding.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Tag } from '#storage-engine/object-settings.ts'
import { checkObjectTags } from '#storage-engine/objects/tags.ts'

/**
 * Reads x-amz-tagging, `key=value&key2=value2` encoded as a form; a tag without `=` has the value ''. Null for an empty set.
 * Throws InvalidArgument for what is encoded wrongly or names a tag twice, and InvalidTag.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 */
export function parseTaggingHeader(header: string): Tag[] | null {
  if (header === '') return null
  const tags = header.split('&').map((field): Tag => {
    const at = field.indexOf('=')
    return at === -1
      ? [decode(field, header), '']
      : [decode(field.slice(0, at), header), decode(field.slice(at + 1), header)]
  })
  if (new Set(tags.map(([key]) => key)).size < tags.length) throw malformed(header)
  return checkObjectTags(tags)
}

function decode(raw: string, header: string): string {
  try {
    return decodePercent(raw.replaceAll('+', ' '))
  } catch (cause) {
    throw malformed(header, cause)
  }
}

function malformed(header: string, cause?: unknown): StorageError {
  return new StorageError('InvalidArgument', {
    message:
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
    extra: { ArgumentName: 'x-amz-tagging', ArgumentValue: header },
    cause,
  })
}
