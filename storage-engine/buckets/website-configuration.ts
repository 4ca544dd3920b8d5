import type { RoutingRule, WebsiteConfiguration } from '#storage-engine/bucket-settings.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html */
export const ROUTING_RULES_MAX = 50

/** Throws InvalidArgument and InvalidRequest unless a bucket may be a website like this. */
export function checkWebsiteConfiguration(website: WebsiteConfiguration): void {
  const { indexSuffix, errorKey, redirectAll, routingRules } = website
  if (redirectAll !== undefined) {
    if (indexSuffix !== undefined || errorKey !== undefined || routingRules !== undefined) {
      throw invalidArgument('RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.')
    }
    checkHostName(redirectAll.hostName)
    return
  }
  if (indexSuffix === undefined) {
    throw invalidArgument('A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty')
  }
  if (indexSuffix === '' || indexSuffix.includes('/')) {
    throw invalidArgument('The IndexDocument Suffix is not well formed')
  }
  if (errorKey === '') throw invalidArgument('The ErrorDocument Key is not well formed')
  if (routingRules !== undefined) checkRoutingRules(routingRules)
}

function checkRoutingRules(rules: readonly RoutingRule[]): void {
  if (rules.length > ROUTING_RULES_MAX) {
    throw invalidRequest(
      `${rules.length} routing rules provided, the number of routing rules in a website configuration is limited to ${ROUTING_RULES_MAX}.`,
    )
  }
  for (const { httpErrorCodeReturnedEquals: errorCode, redirect } of rules) {
    if (errorCode !== undefined && !/^[45]\d\d$/.test(errorCode)) {
      throw invalidRequest(`The provided HTTP error code (${errorCode}) is not valid. Valid codes are 4XX or 5XX.`)
    }
    const { httpRedirectCode: redirectCode } = redirect
    if (redirectCode !== undefined && !/^3(?!00)\d\d$/.test(redirectCode)) {
      throw invalidRequest(
        `The provided HTTP redirect code (${redirectCode}) is not valid. Valid codes are 3XX except 300.`,
      )
    }
    if (redirect.replaceKeyWith !== undefined && redirect.replaceKeyPrefixWith !== undefined) {
      throw invalidRequest('You can only define ReplaceKeyPrefix or ReplaceKey but not both.')
    }
    if (redirect.hostName !== undefined) checkHostName(redirect.hostName)
  }
}

/** It becomes part of a Location header: with a slash, a space or a line break it would say more than a host. */
function checkHostName(hostName: string): void {
  if (!/^[A-Za-z0-9._:[\]-]{1,255}$/.test(hostName)) throw invalidArgument('The HostName is not well formed')
}

function invalidArgument(message: string): StorageError {
  return new StorageError('InvalidArgument', { message })
}

function invalidRequest(message: string): StorageError {
  return new StorageError('InvalidRequest', { message })
}
