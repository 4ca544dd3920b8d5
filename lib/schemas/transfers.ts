import { z } from 'zod'
import { countSchema, timestampSchema } from '#lib/schemas/page.ts'

/** Header of PUT …/parts/:n and PUT …/object: base64 of the body's CRC32C, big-endian. */
export const CRC32C_HEADER = 'x-sceau-checksum-crc32c'

/** POST /_data/:ns/:bucket/uploads?key= → 201. Content-Type is a query parameter `type`; the body is empty. */
export const uploadSchema = z.object({ uploadId: z.uuid() })

/** PUT /_data/:ns/:bucket/uploads/:id/parts/:n → 200 */
export const partSchema = z.object({ partNumber: z.number().int(), etag: z.string(), size: countSchema })
export type Part = z.infer<typeof partSchema>

/**
 * GET /_data/:ns/:bucket/uploads/:id?key= → 200 { parts }: what has arrived. POST …/complete?key= takes
 * { parts: [{ partNumber, etag }] }, with `If-None-Match: *` when nothing may be replaced. DELETE …/:id?key= gives it up.
 */

/** PUT /_data/:ns/:bucket/object?key= and POST …/complete → 200 */
export const writtenObjectSchema = z.object({
  key: z.string(),
  etag: z.string(),
  size: countSchema,
  lastModified: timestampSchema,
  sealed: z.boolean(),
})

interface ObjectAddress {
  namespace: string
  bucket: string
  key: string
}

/** Where the browser gets or puts an object's bytes. */
export function objectDataUrl(
  { namespace, bucket, key }: ObjectAddress,
  disposition?: 'inline' | 'attachment',
): string {
  const query = new URLSearchParams({ key, ...(disposition === undefined ? {} : { disposition }) })
  return `/_data/${encodeURIComponent(namespace)}/${encodeURIComponent(bucket)}/object?${query}`
}

/** Where a multipart upload is begun (no `step`), and its parts, completion and abort. */
export function uploadDataUrl(
  { namespace, bucket, key }: ObjectAddress,
  step?: { uploadId: string; part?: number; complete?: true },
): string {
  const base = `/_data/${encodeURIComponent(namespace)}/${encodeURIComponent(bucket)}/uploads`
  const query = `?${new URLSearchParams({ key })}`
  if (step === undefined) return base + query
  if (step.part !== undefined) return `${base}/${step.uploadId}/parts/${step.part}${query}`
  return `${base}/${step.uploadId}${step.complete ? '/complete' : ''}${query}`
}
