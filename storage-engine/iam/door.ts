import type { BlockList } from 'node:net'
import { loadCredential } from '#storage-engine/accounts/load-credential.ts'
import { type Authentication, authenticate } from '#storage-engine/auth/authenticate.ts'
import { clientAddressOf, trustedProxiesOf } from '#storage-engine/auth/client-address.ts'
import { principalContext } from '#storage-engine/auth/principal-context.ts'
import type { WireRequest } from '#storage-engine/auth/wire-request.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { denied, mayDo } from '#storage-engine/iam/authorize.ts'
import { APIS, type Api, findIamOperation } from '#storage-engine/iam/operation-table.ts'
import type { Parameters } from '#storage-engine/iam/parameters.ts'
import { isQueryRequest, readQueryRequest } from '#storage-engine/iam/query-request.ts'
import { sendError, sendResult } from '#storage-engine/iam/query-response.ts'
import type { ConditionValues, IamRequest, SignedPrincipal } from '#storage-engine/iam/request.ts'
import type { QueryApi, QueryExchange } from '#storage-engine/query-api.ts'

/** The IAM and STS APIs. `now` is in milliseconds since the epoch. */
export function createIamDoor(engine: Engine, { now = Date.now }: { now?: () => number } = {}): QueryApi {
  const door = { engine, now, trustedProxies: trustedProxiesOf(engine.config.trustedProxies) }
  return {
    takes: isQueryRequest,
    handle: (exchange) => handle(door, exchange),
  }
}

interface Door {
  engine: Engine
  now: () => number
  trustedProxies: BlockList | null
}

/** Parse → row of the operation table → authenticate → find what it is about → authorize → run → respond. */
async function handle(door: Door, exchange: QueryExchange): Promise<void> {
  let api: Api = APIS[0] as Api
  try {
    if (exchange.awaitsContinue) exchange.res.writeContinue()
    const { wire, parameters } = await readQueryRequest(exchange.req)
    const action = parameters.get('Action')
    if (action === undefined) throw new StorageError('MissingAction')
    const version = parameters.get('Version') ?? null
    api = APIS.find((each) => each.version === version) ?? api
    const found = findIamOperation(action, version)
    if (found === null) {
      throw new StorageError('InvalidAction', {
        message: `Could not find operation ${action.slice(0, 128)} for version ${String(version).slice(0, 32)}.`,
      })
    }
    api = found.api
    const authentication = await authenticate(dependenciesOf(door, api), wire)
    const request = requestOf(door, { exchange, wire, authentication, parameters })
    const name = found.operation.name
    const opened = await found.operation.open(request)
    if (opened.resource !== null) request.check(`${api.service}:${name}`, opened.resource)
    sendResult(exchange, { api, name, result: await opened.run() })
  } catch (error) {
    logError(door.engine, exchange, error)
    sendError(exchange, { api, error })
  }
}

/** Rights that were given or taken a moment ago count here, so credentials are never remembered. */
function dependenciesOf({ engine, now }: Door, { service }: Api) {
  return {
    now,
    service,
    findCredential: (accessKeyId: string, sessionToken: string | null) =>
      loadCredential(engine, { accessKeyId, sessionToken, now: now() }),
  }
}

function requestOf(
  door: Door,
  input: { exchange: QueryExchange; wire: WireRequest; authentication: Authentication; parameters: Parameters },
): IamRequest {
  const { engine, now } = door
  const { exchange, authentication, parameters } = input
  if (authentication.kind === 'anonymous') throw new StorageError('MissingAuthenticationToken')
  const { principal: caller, accessKeyId } = authentication
  const isVersion4 = authentication.kind === 'sigv4-header' || authentication.kind === 'sigv4-query'
  if (!isVersion4 || caller.kind === 'anonymous') throw new StorageError('IncompleteSignature')
  const { namespaceId, accountId } = caller
  const context = contextOf(door, { ...input, caller })
  return {
    engine,
    parameters,
    caller,
    accessKeyId,
    namespaceId,
    accountId,
    requestId: exchange.requestId,
    now: now(),
    context,
    check(action, resource) {
      if (!mayDo(caller, { action, resource, context })) throw denied(caller, action, resource)
    },
  }
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html */
function contextOf(
  { engine, now, trustedProxies }: Door,
  { exchange, wire, caller }: { exchange: QueryExchange; wire: WireRequest; caller: SignedPrincipal },
): ConditionValues {
  const context: ConditionValues = new Map(principalContext(caller))
  const time = now()
  context.set('aws:sourceip', [clientAddressOf(exchange.req.socket.remoteAddress ?? '', wire.headers, trustedProxies)])
  context.set('aws:securetransport', ['true'])
  context.set('aws:currenttime', [new Date(time).toISOString()])
  context.set('aws:epochtime', [String(Math.floor(time / 1000))])
  context.set('aws:requestedregion', [engine.config.region])
  for (const name of ['user-agent', 'referer']) {
    const value = wire.headers.get(name)
    if (value !== undefined)
      context.set(`aws:${name.replace('-', '')}`, [Buffer.from(value, 'latin1').toString('utf8')])
  }
  return context
}

function logError({ log }: Engine, { requestId }: QueryExchange, error: unknown): void {
  if (error instanceof StorageError && error.status < 500) return
  const isOurs = !(error instanceof StorageError) || error.code === 'InternalError'
  if (isOurs) log.error({ requestId, err: error }, 'request failed')
  else log.warn({ requestId, err: error }, 'request refused')
}
