import type { Tag } from '#storage-engine/object-settings.ts'
import { checkObjectTags } from '#storage-engine/objects/tags.ts'
import { updateObjectSettings } from '#storage-engine/objects/update-object.ts'
import type { Facts } from '#storage-engine/s3/asked-request.ts'
import { changedVersion, objectVersionHeader } from '#storage-engine/s3/changed-version.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readTagging } from '#storage-engine/s3/tagging-xml.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html */
export async function putObjectTagging(request: ObjectRequest): Promise<S3Response> {
  const { engine, bucket, key, object, headers, body, query, access } = request
  const tags = checkObjectTags(readTagging(await readDocument(headers, body, XML_BYTES_MAX)))
  // Only now is known what a condition on the tags of the request is about.
  const action = query.values.has('versionId') ? 's3:PutObjectVersionTagging' : 's3:PutObjectTagging'
  const facts = tagFacts(tags)
  access.check(action, undefined, facts)
  await updateObjectSettings(engine, {
    ...changedVersion(request, 'ObjectTagging:Put'),
    change(settings, ownerId) {
      // While the body came the object may have been replaced, or tagged by somebody else.
      access.check(action, { bucket, key, object: { ...object, ownerId, settings } }, facts)
      return { ...settings, tags }
    },
  })
  return emptyResponse(200, objectVersionHeader(request))
}

/** Keys of conditions have no case, so tags whose keys differ in nothing else are values of one. */
function tagFacts(tags: readonly Tag[]): Facts {
  const facts = new Map<string, string[]>()
  if (tags.length > 0)
    facts.set(
      's3:requestobjecttagkeys',
      tags.map(([key]) => key),
    )
  for (const [key, value] of tags) {
    const name = `s3:requestobjecttag/${key.toLowerCase()}`
    facts.set(name, [...(facts.get(name) ?? []), value])
  }
  return facts
}
