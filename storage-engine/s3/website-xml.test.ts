import { expect, test } from 'vitest'
import type { RoutingRule, WebsiteConfiguration } from '#storage-engine/bucket-settings.ts'
import { checkWebsiteConfiguration } from '#storage-engine/buckets/website-configuration.ts'
import { readWebsiteConfiguration, websiteXml } from '#storage-engine/s3/website-xml.ts'

const CONFIGURATIONS: WebsiteConfiguration[] = [
  { indexSuffix: 'index.html' },
  { indexSuffix: 'index.html', errorKey: 'errors/404.html', routingRules: [] },
  { redirectAll: { hostName: 'example.com' } },
  { redirectAll: { hostName: 'example.com', protocol: 'http' } },
  {
    indexSuffix: 'i',
    routingRules: [
      { redirect: { replaceKeyWith: 'a&b' } },
      { keyPrefixEquals: 'docs/', redirect: { replaceKeyPrefixWith: '', httpRedirectCode: '302' } },
      { httpErrorCodeReturnedEquals: '404', keyPrefixEquals: 'x', redirect: { hostName: 'h', protocol: 'https' } },
    ],
  },
]

test.each(CONFIGURATIONS.map((website) => [websiteXml(website), website] as const))('reads %s', (xml, website) => {
  expect(readWebsiteConfiguration(Buffer.from(xml))).toEqual(website)
  expect(() => checkWebsiteConfiguration(website)).not.toThrow()
})

test.each([
  ['<Other/>', 'MalformedXML'],
  ['<WebsiteConfiguration><Other/></WebsiteConfiguration>', 'MalformedXML'],
  ['<WebsiteConfiguration><IndexDocument/></WebsiteConfiguration>', 'MalformedXML'],
  ['<WebsiteConfiguration><RedirectAllRequestsTo/></WebsiteConfiguration>', 'MalformedXML'],
  [rule(''), 'MalformedXML'],
  [rule('<Redirect/>'), 'MalformedXML'],
  [rule('<Redirect><Protocol>ftp</Protocol></Redirect>'), 'InvalidRequest'],
  [rule('<Condition/><Redirect><HostName>h</HostName></Redirect>'), 'InvalidRequest'],
])('refuses to read %s: %s', (xml, code) => {
  expect(() => readWebsiteConfiguration(Buffer.from(xml))).toThrow(expect.objectContaining({ code }))
})

function rule(content: string): string {
  return `<WebsiteConfiguration><RoutingRules><RoutingRule>${content}</RoutingRule></RoutingRules></WebsiteConfiguration>`
}

const withRule = (changes: Partial<RoutingRule>): WebsiteConfiguration => ({
  indexSuffix: 'i',
  routingRules: [{ redirect: { hostName: 'h' }, ...changes }],
})

test.each<[string, WebsiteConfiguration]>([
  ['InvalidArgument', {}],
  ['InvalidArgument', { indexSuffix: '' }],
  ['InvalidArgument', { indexSuffix: 'a/b' }],
  ['InvalidArgument', { indexSuffix: 'i', errorKey: '' }],
  ['InvalidArgument', { indexSuffix: 'i', redirectAll: { hostName: 'h' } }],
  ['InvalidArgument', { redirectAll: { hostName: 'h\r\nx: y' } }],
  ['InvalidArgument', { redirectAll: { hostName: '' } }],
  ['InvalidArgument', withRule({ redirect: { hostName: 'h/p' } })],
  ['InvalidRequest', withRule({ httpErrorCodeReturnedEquals: '200' })],
  ['InvalidRequest', withRule({ redirect: { httpRedirectCode: '300' } })],
  ['InvalidRequest', withRule({ redirect: { httpRedirectCode: '200' } })],
  ['InvalidRequest', withRule({ redirect: { replaceKeyWith: 'a', replaceKeyPrefixWith: 'b' } })],
  ['InvalidRequest', { indexSuffix: 'i', routingRules: Array.from({ length: 51 }, () => ({ redirect: {} })) }],
])('answers %s for %j', (code, website) => {
  expect(() => checkWebsiteConfiguration(website)).toThrow(expect.objectContaining({ code }))
})
