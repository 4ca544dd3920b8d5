import type { OperationSelector } from '#storage-engine/s3/operation.ts'

/** What logs call the sub-resources that they do not call as the query does. */
const RESOURCES: ReadonlyMap<string, string> = new Map([
  ['attributes', 'OBJECT_ATTRIBUTES'],
  ['delete', 'MULTI_OBJECT_DELETE'],
  ['list-type=2', 'BUCKET'],
  ['logging', 'LOGGING_STATUS'],
  ['object-lock', 'OBJECT_LOCK_CONFIGURATION'],
  ['policy', 'BUCKETPOLICY'],
  ['uploadId', 'UPLOAD'],
  ['versions', 'BUCKETVERSIONS'],
])
const SPECIAL: ReadonlyMap<string, string> = new Map([
  ['CopyObject', 'REST.COPY.OBJECT'],
  ['UploadPartCopy', 'REST.COPY.PART'],
  ['UploadPart', 'REST.PUT.PART'],
  ['PostObject', 'REST.POST.OBJECT'],
  ['Preflight', 'REST.OPTIONS.PREFLIGHT'],
])

/** What is asked of a bucket's website; no row of the operation table. */
export const WEBSITE = 'Website'

/**
 * How a log names what a row does: `REST.<method>.<resource>`.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
 */
export function logOperationOf({ name, method, on, query }: OperationSelector): string {
  if (name === WEBSITE) return `WEBSITE.${method}.OBJECT`
  const special = SPECIAL.get(name)
  if (special !== undefined) return special
  const parameter = query?.at(-1)
  if (parameter === undefined) return `REST.${method}.${on.toUpperCase()}`
  if (parameter === 'tagging' && on === 'object') return `REST.${method}.OBJECT_TAGGING`
  return `REST.${method}.${RESOURCES.get(parameter) ?? inSnakeCase(parameter)}`
}

/** `publicAccessBlock` → `PUBLIC_ACCESS_BLOCK` */
function inSnakeCase(parameter: string): string {
  return parameter
    .replaceAll('-', '_')
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .toUpperCase()
}
