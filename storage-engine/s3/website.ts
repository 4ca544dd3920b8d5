import { type Authentication, authenticate } from '#storage-engine/auth/authenticate.ts'
import { clientAddressOf } from '#storage-engine/auth/client-address.ts'
import { decodePercent } from '#storage-engine/auth/percent-encoding.ts'
import { readHeaders } from '#storage-engine/auth/request-headers.ts'
import { splitRequestTarget } from '#storage-engine/auth/request-target.ts'
import type { Headers, Query } from '#storage-engine/auth/wire-request.ts'
import type { WebsiteConfiguration } from '#storage-engine/bucket-settings.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { findBucket } from '#storage-engine/metadata/buckets.ts'
import { findTargetObject, meetBucket } from '#storage-engine/s3/find-target.ts'
import { type Exchange, openRequest } from '#storage-engine/s3/handler.ts'
import { WEBSITE } from '#storage-engine/s3/log-operation.ts'
import { getObject } from '#storage-engine/s3/operations/get-object.ts'
import { headObject } from '#storage-engine/s3/operations/head-object.ts'
import { preflight } from '#storage-engine/s3/operations/preflight.ts'
import { respond, respondWithError } from '#storage-engine/s3/respond.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { checkKeyLength } from '#storage-engine/s3/target.ts'
import { websiteErrorPage } from '#storage-engine/s3/website-page.ts'
import { encodePath, findRedirect } from '#storage-engine/s3/website-routing.ts'

/** All that a website looks at of a visitor's request: what it may depend on, but nothing that signs it or asks more of it. */
const HEADERS_USED = new Set([
  'access-control-request-headers',
  'access-control-request-method',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'origin',
  'range',
  'referer',
  'user-agent',
  'x-forwarded-for',
])
const NO_QUERY: Query = { pairs: [], values: new Map() }

interface Visit {
  exchange: Exchange
  bucketName: string
  method: string
  headers: Headers
  website: WebsiteConfiguration
  authentication: Authentication
  /** As the path has it, '' for the root. */
  key: string
}

/**
 * Answers a request to a bucket's website. Every visitor is anonymous, so a page must be open to all by policy or ACL.
 * Never rejects. https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html
 */
export async function serveWebsite(exchange: Exchange, bucketName: string): Promise<void> {
  try {
    await respond(exchange, await answerVisitor(exchange, bucketName))
  } catch (error) {
    respondWithError(exchange, error, websiteErrorPage)
  }
}

async function answerVisitor(exchange: Exchange, bucketName: string): Promise<S3Response> {
  const { gateway, req } = exchange
  const method = req.method ?? ''
  const all = readHeaders(req.rawHeaders)
  const { rawPath } = splitRequestTarget(req.url ?? '', all.get('host') ?? '')
  const headers = new Map([...all].filter(([name]) => HEADERS_USED.has(name)))
  const key = decodePercent(rawPath.slice(1))
  checkKeyLength(key)
  const target = { bucket: bucketName, key: key === '' ? null : key, namespace: null }
  const sourceIp = clientAddressOf(req.socket.remoteAddress ?? '', headers, gateway.trustedProxies)
  Object.assign(exchange, { headers, target, sourceIp, operation: { name: WEBSITE, method, on: 'object' } })
  if (method === 'OPTIONS') return preflight({ engine: gateway.engine, target, headers, log: exchange.log })
  if (method !== 'GET' && method !== 'HEAD') {
    throw new StorageError('MethodNotAllowed', { headers: { Allow: 'GET, HEAD, OPTIONS' } })
  }
  const website = await findWebsite(exchange, bucketName)
  if (website.redirectAll !== undefined) {
    const { hostName, protocol = 'https' } = website.redirectAll
    return redirect(301, `${protocol}://${hostName}/${encodePath(key)}`)
  }
  const authentication = await authenticate(gateway, { method, rawPath, query: NO_QUERY, headers, hostBucket: null })
  return showPage({ exchange, bucketName, method, headers, website, authentication, key })
}

async function findWebsite(exchange: Exchange, bucketName: string): Promise<WebsiteConfiguration> {
  const bucket = await findBucket(exchange.gateway.engine.db, { name: bucketName })
  if (bucket === null) throw new StorageError('NoSuchBucket', { extra: { BucketName: bucketName } })
  meetBucket(exchange, bucket)
  const { website } = bucket.settings
  if (website === undefined) throw new StorageError('NoSuchWebsiteConfiguration', { extra: { BucketName: bucketName } })
  return website
}

async function showPage(visit: Visit): Promise<S3Response> {
  const { website, key, headers } = visit
  const host = headers.get('host') as string
  const early = findRedirect(website, { key, status: null, host })
  if (early !== null) return redirect(early.status, early.location)
  try {
    return await showObject(visit, key === '' || key.endsWith('/') ? key + website.indexSuffix : key)
  } catch (error) {
    if (!(error instanceof StorageError) || error.status < 400) throw error
    if (await isFolder(visit, error)) return redirect(302, `https://${host}/${encodePath(key)}/`)
    const late = findRedirect(website, { key, status: error.status, host })
    if (late !== null) return redirect(late.status, late.location)
    return showErrorDocument(visit, error)
  }
}

/** What a slash was forgotten behind: there is no such page, but the index document of a folder of that name. */
async function isFolder(visit: Visit, error: StorageError): Promise<boolean> {
  const { key, website } = visit
  if ((error.status !== 404 && error.status !== 403) || key === '' || key.endsWith('/')) return false
  return (await findPage(visit, `${key}/${website.indexSuffix}`)) !== null
}

/** The website's own page for what went wrong, under the status of that; throws the error itself when it has none. */
async function showErrorDocument(visit: Visit, error: StorageError): Promise<S3Response> {
  const { errorKey } = visit.website
  if (errorKey === undefined || error.status >= 500) throw error
  const page = await findPage({ ...visit, headers: unconditional(visit.headers) }, errorKey)
  if (page === null) throw error
  const response = await readPage(page)
  response.headers.push('x-amz-error-code', error.code, 'x-amz-error-message', error.message)
  return { ...response, status: error.status }
}

/** A page's conditions and range are not its error document's. */
function unconditional(headers: Headers): Headers {
  return new Map([...headers].filter(([name]) => !name.startsWith('if-') && name !== 'range'))
}

async function showObject(visit: Visit, key: string): Promise<S3Response> {
  const page = await openPage(visit, key)
  const location = page.object.settings?.websiteRedirect
  return location === undefined ? readPage(page) : redirect(301, location)
}

function readPage(page: ObjectRequest): Promise<S3Response> {
  return page.method === 'HEAD' ? headObject(page) : getObject(page)
}

/** Null when there is no such page for a visitor. */
async function findPage(visit: Visit, key: string): Promise<ObjectRequest | null> {
  try {
    return await openPage(visit, key)
  } catch (error) {
    if (error instanceof StorageError && error.status < 500) return null
    throw error
  }
}

/** The object as any anonymous GET would find it. Throws AccessDenied, NoSuchKey, KeyTooLongError. */
async function openPage(visit: Visit, key: string): Promise<ObjectRequest> {
  const { exchange, bucketName, method, headers, authentication } = visit
  const { gateway, req } = exchange
  checkKeyLength(key)
  const asked = {
    query: NO_QUERY,
    headers,
    target: { bucket: bucketName, key, namespace: null },
    bucketName,
    authentication,
    principal: authentication.principal,
    operation: 'GetObject',
    action: 's3:GetObject',
    passes: null,
    req,
    sourceIp: exchange.sourceIp as string,
    region: gateway.engine.config.region,
    now: gateway.now,
  }
  const { access, ...found } = await findTargetObject(exchange, asked)
  const parsed = { method, query: NO_QUERY, headers }
  return { ...openRequest(exchange, { parsed, asked, authentication, access }), ...found }
}

function redirect(status: number, location: string): S3Response {
  return emptyResponse(status, ['Location', location])
}
