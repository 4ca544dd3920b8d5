import type { BlockList } from 'node:net'
import { audited } from '#storage-engine/accounts/audited.ts'
import { loadCredential } from '#storage-engine/accounts/load-credential.ts'
import { type Authentication, authenticate } from '#storage-engine/auth/authenticate.ts'
import { clientAddressOf, trustedProxiesOf } from '#storage-engine/auth/client-address.ts'
import { principalContext } from '#storage-engine/auth/principal-context.ts'
import type { WireRequest } from '#storage-engine/auth/wire-request.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { callerArn, denied, mayDo } from '#storage-engine/iam/authorize.ts'
import type { IamOperation } from '#storage-engine/iam/operation.ts'
import { APIS, type Api, findIamOperation } from '#storage-engine/iam/operation-table.ts'
import type { Parameters } from '#storage-engine/iam/parameters.ts'
import { isQueryRequest, readQueryRequest } from '#storage-engine/iam/query-request.ts'
import { sendError, sendResult } from '#storage-engine/iam/query-response.ts'
import type { ConditionValues, IamRequest, SignedPrincipal } from '#storage-engine/iam/request.ts'
import type { QueryApi, QueryExchange } from '#storage-engine/query-api.ts'

const UNTOLD: ReadonlySet<string> = new Set(['Action', 'Version', 'TokenCode'])
/** Of a value in the audit: the greatest managed policy. */
const DETAIL_LENGTH_MAX = 8192

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
    exchange.noteKeyUse(request.accessKeyId, api.service)
    sendResult(exchange, { api, name: action, result: await perform(request, found) })
  } catch (error) {
    logError(door.engine, exchange, error)
    sendError(exchange, { api, error })
  }
}

/** Reading leaves no trace; whatever else is asked is written down, also when it is refused. */
async function perform(
  request: IamRequest,
  { api, operation }: { api: Api; operation: IamOperation },
): Promise<string | null> {
  const action = `${api.service}:${operation.name}`
  const { resource, run } = await operation.open(request)
  const permitAndRun = async () => {
    if (resource !== null) request.check(action, resource)
    return run()
  }
  if (/^(?:Get(?!SessionToken)|List)/.test(operation.name)) return permitAndRun()
  const { engine, namespaceId, audit, caller, requestId, sourceIp } = request
  const actor = { username: callerArn(caller), address: sourceIp, requestId }
  const act = { namespaceId, action, target: resource ?? callerArn(caller), details: audit.details }
  const result = await audited(engine, actor, act, permitAndRun)
  for (const other of audit.namespaceIds) {
    await audited(engine, actor, { ...act, namespaceId: other }, async () => {})
  }
  return result
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
  const sourceIp = clientAddressOf(exchange.req.socket.remoteAddress ?? '', input.wire.headers, door.trustedProxies)
  const context = contextOf(door, { wire: input.wire, caller, sourceIp })
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
    sourceIp,
    audit: { details: detailsOf(parameters), namespaceIds: [] },
    check(action, resource) {
      if (!mayDo(caller, { action, resource, context })) throw denied(caller, action, resource)
    },
  }
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html */
function contextOf(
  { engine, now }: Door,
  { wire, caller, sourceIp }: { wire: WireRequest; caller: SignedPrincipal; sourceIp: string },
): ConditionValues {
  const context: ConditionValues = new Map(principalContext(caller))
  const time = now()
  context.set('aws:sourceip', [sourceIp])
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

/** No parameter of these APIs is a secret but a second factor's code, which is refused. */
function detailsOf(parameters: Parameters): Record<string, unknown> {
  const shown = [...parameters].filter(([name]) => !UNTOLD.has(name))
  return Object.fromEntries(shown.map(([name, value]) => [name, value.slice(0, DETAIL_LENGTH_MAX)]))
}

function logError({ log }: Engine, { requestId }: QueryExchange, error: unknown): void {
  if (error instanceof StorageError && error.status < 500) return
  const isOurs = !(error instanceof StorageError) || error.code === 'InternalError'
  if (isOurs) log.error({ requestId, err: error }, 'request failed')
  else log.warn({ requestId, err: error }, 'request refused')
}
