import { StorageError } from '#storage-engine/errors.ts'
import { memberList, tagsXml, time } from '#storage-engine/iam/answer.ts'
import { ARN, QUOTAS } from '#storage-engine/iam/limits.ts'
import { account, type Found, type IamOperation, operation } from '#storage-engine/iam/operation.ts'
import { members, requiredText } from '#storage-engine/iam/parameters.ts'
import { checkCount } from '#storage-engine/iam/quota.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import { addResourceTags, readFirstTags, readTags } from '#storage-engine/iam/tags.ts'
import { newId } from '#storage-engine/ids.ts'
import { changeIam } from '#storage-engine/metadata/iam-epochs.ts'
import {
  deleteOidcProvider,
  findOidcProvider,
  insertOidcProvider,
  listOidcProviders,
  type OidcProvider,
  updateOidcProvider,
} from '#storage-engine/metadata/iam-oidc-providers.ts'
import { element, escapeXml } from '#storage-engine/xml-text.ts'

const URL_RULE = { lengthMax: 255, pattern: /^(?:https?:\/\/)?[A-Za-z0-9.-]+(?::\d{1,5})?(?:\/[\x21-\x7e]*)?$/ }
const CLIENT_ID = { lengthMax: 255 }
/** A SHA-1 in hexadecimal digits; AWS counts no more than its length. */
const THUMBPRINT = { lengthMin: 40, lengthMax: 40, pattern: /^[0-9A-Za-z]+$/ }

export const OIDC_PROVIDER_OPERATIONS: IamOperation[] = [
  operation('CreateOpenIDConnectProvider', newProvider, createProvider),
  operation('GetOpenIDConnectProvider', provider, getProvider),
  operation('ListOpenIDConnectProviders', account, listProviders),
  operation('DeleteOpenIDConnectProvider', provider, deleteProvider),
  operation('AddClientIDToOpenIDConnectProvider', provider, addClientId),
  operation('RemoveClientIDFromOpenIDConnectProvider', provider, removeClientId),
  operation('UpdateOpenIDConnectProviderThumbprint', provider, updateThumbprints),
]

function newProvider(request: IamRequest): Found<{ url: string; host: string }> {
  const url = requiredText(request.parameters, 'Url', URL_RULE)
  const host = url.replace(/^https?:\/\//, '').replace(/\/$/, '')
  readTags(request)
  return { resource: providerArn(request, host), target: { url, host }, missing: '' }
}

async function provider(request: IamRequest): Promise<Found<OidcProvider>> {
  const { engine, namespaceId, accountId, parameters } = request
  const arn = requiredText(parameters, 'OpenIDConnectProviderArn', ARN)
  const prefix = [providerArn({ accountId }, ''), providerArn({ accountId: '' }, '')].find((each) =>
    arn.startsWith(each),
  )
  const host = prefix === undefined ? null : arn.slice(prefix.length)
  const target = host === null ? null : await findOidcProvider(engine.db, { namespaceId, host })
  if (target !== null) addResourceTags(request, target.tags)
  const resource = host === null ? arn : providerArn({ accountId }, host)
  return { resource, target, missing: `OpenIDConnect Provider not found for arn ${arn}` }
}

function providerArn({ accountId }: { accountId: string }, host: string): string {
  return `arn:aws:iam::${accountId}:oidc-provider/${host}`
}

async function createProvider(request: IamRequest, { url, host }: { url: string; host: string }): Promise<string> {
  const { engine, namespaceId, parameters } = request
  const clientIds = [...new Set(members(parameters, 'ClientIDList', CLIENT_ID))]
  checkCount(clientIds.length - 1, QUOTAS.clientIds, 'ClientIdsPerOpenIdConnectProvider')
  const thumbprints = readThumbprints(request)
  const resource = providerArn(request, host)
  const tags = readFirstTags(request, { action: 'iam:TagOpenIDConnectProvider', resource })
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    checkCount((await listOidcProviders(tx, { namespaceId })).length, QUOTAS.oidcProvider, 'OpenIdConnectProviders')
    await insertOidcProvider(tx, { id: newId(), namespaceId, host, url, clientIds, thumbprints, tags })
  })
  return element('OpenIDConnectProviderArn', resource) + tagsXml(tags)
}

async function getProvider(_request: IamRequest, found: OidcProvider): Promise<string> {
  return [
    element('Url', found.url),
    memberList('ClientIDList', found.clientIds.map(escapeXml)),
    memberList('ThumbprintList', found.thumbprints.map(escapeXml)),
    element('CreateDate', time(found.createdAt)),
    tagsXml(found.tags),
  ].join('')
}

async function listProviders(request: IamRequest): Promise<string> {
  const found = await listOidcProviders(request.engine.db, { namespaceId: request.namespaceId })
  return memberList(
    'OpenIDConnectProviderList',
    found.map(({ host }) => element('Arn', providerArn(request, host))),
  )
}

async function deleteProvider({ engine, namespaceId }: IamRequest, { id }: OidcProvider): Promise<null> {
  await changeIam(engine.db, { namespaceId }, (tx) => deleteOidcProvider(tx, { id }))
  return null
}

/** Idempotent, as in AWS. */
async function addClientId(request: IamRequest, { host }: OidcProvider): Promise<null> {
  const clientId = requiredText(request.parameters, 'ClientID', CLIENT_ID)
  return change(request, host, ({ clientIds }) => {
    if (clientIds.includes(clientId)) return {}
    checkCount(clientIds.length, QUOTAS.clientIds, 'ClientIdsPerOpenIdConnectProvider')
    return { clientIds: [...clientIds, clientId] }
  })
}

async function removeClientId(request: IamRequest, { host }: OidcProvider): Promise<null> {
  const clientId = requiredText(request.parameters, 'ClientID', CLIENT_ID)
  return change(request, host, ({ clientIds }) => ({ clientIds: clientIds.filter((each) => each !== clientId) }))
}

async function updateThumbprints(request: IamRequest, { host }: OidcProvider): Promise<null> {
  const thumbprints = readThumbprints(request)
  return change(request, host, () => ({ thumbprints }))
}

async function change(
  { engine, namespaceId }: IamRequest,
  host: string,
  changeOf: (found: OidcProvider) => { clientIds?: string[]; thumbprints?: string[] },
): Promise<null> {
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    const found = await findOidcProvider(tx, { namespaceId, host })
    if (found === null) throw new StorageError('NoSuchEntity')
    const { clientIds, thumbprints } = { ...found, ...changeOf(found) }
    await updateOidcProvider(tx, { id: found.id, clientIds, thumbprints })
  })
  return null
}

function readThumbprints({ parameters }: IamRequest): string[] {
  const thumbprints = members(parameters, 'ThumbprintList', THUMBPRINT)
  if (thumbprints.length <= QUOTAS.thumbprints) return thumbprints
  throw new StorageError('InvalidInput', { message: `A provider has at most ${QUOTAS.thumbprints} thumbprints.` })
}
