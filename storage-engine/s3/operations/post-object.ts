import { StorageError } from '#storage-engine/errors.ts'
import type { WrittenObject } from '#storage-engine/objects/write-object.ts'
import { storeBody } from '#storage-engine/s3/operations/put-object.ts'
import type { FormRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response, XML_TYPE } from '#storage-engine/s3/s3-response.ts'
import { checkKeyLength } from '#storage-engine/s3/target.ts'
import { element, XML_DECLARATION } from '#storage-engine/xml-text.ts'

/** The upload of a browser's form. https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html */
export async function postObject(request: FormRequest): Promise<S3Response> {
  const { fields } = request
  const { written, answer } = await storeBody(request, 'ObjectCreated:Post')
  const redirect = redirectOf(request, written)
  if (redirect !== null) return emptyResponse(303, [...answer, 'Location', redirect])
  const location = locationOf(request)
  answer.push('Location', location)
  const status = fields.get('success_action_status')
  if (status === '201') {
    return {
      status: 201,
      headers: ['Content-Type', XML_TYPE, ...answer],
      body: postResponse(request, location, written),
    }
  }
  return emptyResponse(status === '200' ? 200 : 204, answer)
}

/** The key that a form names, with the name of its file put in. Throws InvalidArgument and KeyTooLongError. */
export function keyOfForm({ fields, fileName }: { fields: FormRequest['fields']; fileName: string }): string {
  const template = fields.get('key')
  if (template === undefined) {
    throw new StorageError('InvalidArgument', {
      message:
        "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
      extra: { ArgumentName: 'key', ArgumentValue: '' },
    })
  }
  const key = template.replaceAll(/\$\{filename\}/g, () => fileName)
  if (key === '') {
    throw new StorageError('InvalidArgument', {
      message: 'User key must have a length greater than 0.',
      extra: { ArgumentName: 'key', ArgumentValue: '' },
    })
  }
  checkKeyLength(key)
  return key
}

/** Where the form wants the browser to go; what is no web address counts as not said, as at AWS. */
function redirectOf({ fields, bucket, key }: FormRequest, { etag }: WrittenObject): string | null {
  const wanted = fields.get('success_action_redirect') ?? fields.get('redirect')
  const url = wanted !== undefined && URL.canParse(wanted) ? new URL(wanted) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return null
  const result = `bucket=${bucket.name}&key=${encodeURIComponent(key)}&etag=%22${etag}%22`
  url.search = url.search === '' ? result : `${url.search}&${result}`
  return url.href
}

function locationOf({ headers, bucket, key }: FormRequest): string {
  const host = headers.get('host') ?? ''
  const path = key.split('/').map(encodeURIComponent).join('/')
  return host.startsWith(`${bucket.name}.`) ? `https://${host}/${path}` : `https://${host}/${bucket.name}/${path}`
}

/** Unlike S3's other documents this one is in no namespace. */
function postResponse({ bucket, key }: FormRequest, location: string, { etag }: WrittenObject): string {
  const fields = [
    element('Location', location),
    element('Bucket', bucket.name),
    element('Key', key),
    element('ETag', `"${etag}"`),
  ]
  return `${XML_DECLARATION}<PostResponse>${fields.join('')}</PostResponse>`
}
