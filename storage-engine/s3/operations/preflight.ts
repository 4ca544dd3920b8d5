import { StorageError } from '#storage-engine/errors.ts'
import { findBucket } from '#storage-engine/metadata/buckets.ts'
import { allowedHeaders, type CorsRequest, findCorsRule } from '#storage-engine/s3/cors.ts'
import type { PreflightRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'

const METHODS: ReadonlySet<string> = new Set(['GET', 'PUT', 'HEAD', 'POST', 'DELETE'])
/** Of a browser's; each is held against each pattern of each rule. */
export const HEADERS_MAX = 100

/**
 * Tells a browser what a page of another origin may do. Nobody signs such a request, so nobody is authenticated: all that
 * it tells are the bucket's rules. https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html
 */
export async function preflight(request: PreflightRequest): Promise<S3Response> {
  const asked = readPreflight(request)
  const { engine, target } = request
  const bucket = await findBucket(engine.db, { name: target.bucket as string })
  if (bucket === null || (target.namespace !== null && target.namespace !== bucket.namespaceName)) {
    throw forbidden(request, 'CORSResponse: Bucket not found')
  }
  request.log.add(bucket)
  const rules = bucket.settings.cors
  if (rules === undefined) throw forbidden(request, 'CORSResponse: CORS is not enabled for this bucket.')
  const rule = findCorsRule(rules, asked)
  if (rule === null) {
    throw forbidden(
      request,
      "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
    )
  }
  return emptyResponse(200, allowedHeaders(rule, asked))
}

function readPreflight({ headers }: PreflightRequest): CorsRequest {
  const origin = headers.get('origin')
  if (origin === undefined || origin === '') {
    throw new StorageError('BadRequest', { message: 'Insufficient information. Origin request header needed.' })
  }
  const method = headers.get('access-control-request-method')
  if (method === undefined || !METHODS.has(method)) {
    throw new StorageError('BadRequest', { message: `Invalid Access-Control-Request-Method: ${method ?? 'null'}` })
  }
  const names = (headers.get('access-control-request-headers') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
  const asked = [...new Set(names.filter((name) => name !== ''))]
  if (asked.length > HEADERS_MAX) {
    throw new StorageError('BadRequest', { message: 'Access-Control-Request-Headers names too many headers.' })
  }
  return { origin, method, headers: asked }
}

function forbidden({ headers, target }: PreflightRequest, message: string): StorageError {
  return new StorageError('AccessForbidden', {
    message,
    extra: {
      Method: headers.get('access-control-request-method') as string,
      ResourceType: target.key === null ? 'BUCKET' : 'OBJECT',
    },
  })
}
