import { objectAcl } from '#storage-engine/auth/object-ownership.ts'
import type { Acl, ObjectSettings } from '#storage-engine/object-settings.ts'
import { updateObjectSettings } from '#storage-engine/objects/update-object.ts'
import { readNewAcl } from '#storage-engine/s3/acl-body.ts'
import { eventOrigin } from '#storage-engine/s3/event-origin.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html */
export async function putObjectAcl(request: ObjectRequest): Promise<S3Response> {
  const { engine, bucket, key, object, query, access } = request
  const requested = await readNewAcl(request, object.ownerId)
  const versionId = await updateObjectSettings(engine, {
    bucket,
    key,
    versionId: query.values.get('versionId') ?? null,
    event: { names: ['ObjectAcl:Put'], origin: eventOrigin(request) },
    change(settings, ownerId) {
      // While the body came the object may have been replaced, or the right to its ACL taken away.
      const action = query.values.has('versionId') ? 's3:PutObjectVersionAcl' : 's3:PutObjectAcl'
      access.check(action, { bucket, key, object: { ...object, ownerId, settings } })
      return withAcl(settings, objectAcl(bucket, { ownerId, requested }))
    },
  })
  return emptyResponse(200, versionId === null ? [] : ['x-amz-version-id', versionId])
}

function withAcl(settings: ObjectSettings | null, acl: Acl | null): ObjectSettings | null {
  const { acl: _, ...others } = settings ?? {}
  if (acl !== null) return { ...others, acl }
  return Object.keys(others).length === 0 ? null : others
}
