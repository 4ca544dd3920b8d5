import { encodePercent } from '#storage-engine/auth/percent-encoding.ts'
import type { RoutingRule, WebsiteConfiguration } from '#storage-engine/bucket-settings.ts'

export interface WebsiteRedirect {
  status: number
  /** An absolute URL. */
  location: string
}

/**
 * The bucket whose website a host is: `bucket.s3-website.<region>.<domain>` or `bucket.s3-website-<region>.<domain>`; null
 * for any other host. https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html
 */
export function websiteBucketOf(host: string, { domain, region }: { domain: string; region: string }): string | null {
  // Nearly every request ends here.
  if (!/\.s3-website/i.test(host)) return null
  const name = host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase()
  for (const suffix of [`.s3-website.${region}.${domain}`, `.s3-website-${region}.${domain}`]) {
    if (name.endsWith(suffix) && name.length > suffix.length) return name.slice(0, -suffix.length)
  }
  return null
}

/**
 * Where the first rule that fits sends a request for `key`; null when none fits. `status` is that of the error which the
 * request would end with, null before the object is looked for: a rule that names an error fits only after it.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html
 */
export function findRedirect(
  { routingRules = [] }: WebsiteConfiguration,
  { key, status, host }: { key: string; status: number | null; host: string },
): WebsiteRedirect | null {
  const wanted = status === null ? undefined : String(status)
  const rule = routingRules.find(
    ({ keyPrefixEquals = '', httpErrorCodeReturnedEquals }) =>
      httpErrorCodeReturnedEquals === wanted && key.startsWith(keyPrefixEquals),
  )
  if (rule === undefined) return null
  const { hostName = host, protocol = 'https', httpRedirectCode = '301' } = rule.redirect
  return { status: Number(httpRedirectCode), location: `${protocol}://${hostName}/${redirectedPath(rule, key)}` }
}

/** What the configuration says is a part of a URL as it stands; what is left of the key may need escapes. */
function redirectedPath({ keyPrefixEquals = '', redirect }: RoutingRule, key: string): string {
  if (redirect.replaceKeyWith !== undefined) return encodeURI(redirect.replaceKeyWith)
  if (redirect.replaceKeyPrefixWith === undefined) return encodePath(key)
  return encodeURI(redirect.replaceKeyPrefixWith) + encodePath(key.slice(keyPrefixEquals.length))
}

/** A key as the path of a URL, without its first slash. */
export function encodePath(key: string): string {
  return key.split('/').map(encodePercent).join('/')
}
