import { randomUUID } from 'node:crypto'
import type { NextRequest } from 'next/server'
import type { z } from 'zod'
import { getConsoleHost } from '#lib/server/engine.ts'
import { readJson } from '#lib/server/read-json.ts'
import { RouteError, renderError } from '#lib/server/render-error.ts'
import { SESSION_COOKIE } from '#lib/server/session-cookie.ts'
import type { Actor, Service } from '#storage-engine/service/service.ts'

/** A permission asks for membership of the namespace that the path's `ns` names. */
export type RoutePermission = 'signed-in' | 'administrator' | Parameters<Service['access']['requirePermission']>[2]

export interface RouteOptions<Query extends z.ZodType, Body extends z.ZodType, Output extends z.ZodType> {
  permission: RoutePermission
  query?: Query
  body?: Body
  /** What is answered, as JSON; without it 204 and nothing. Fields it does not name are left out. */
  output?: Output
  /** 200 unless said. */
  status?: number | ((output: z.output<Output>) => number)
}

export interface RouteContext<Query, Body> {
  service: Service
  actor: Actor
  /** A segment of the path, decoded. */
  param(name: string): string
  query: Query
  body: Body
}

type RouteHandler = (request: NextRequest, context: { params: Promise<Record<string, string>> }) => Promise<Response>

/**
 * Every JSON route is made here: session (NotSignedIn), permission (AccessDenied, NoSuchNamespace), input (InvalidArgument
 * with the fields), then `handler`, then the answer. That a mutation comes from the console itself is settled before, by
 * the console's server, for all of its paths at once.
 */
export function route<Query extends z.ZodType, Body extends z.ZodType, Output extends z.ZodType>(
  options: RouteOptions<Query, Body, Output>,
  handler: (context: RouteContext<z.output<Query>, z.output<Body>>) => Promise<z.input<Output>>,
): RouteHandler {
  return async (request, { params: pendingParams }) => {
    const requestId = request.headers.get('x-request-id') ?? randomUUID()
    try {
      const { service } = getConsoleHost()
      const params = await pendingParams
      const actor = await findActor(service, request, requestId)
      authorize(service, actor, options.permission, params)
      const query = options.query && parse(options.query, Object.fromEntries(request.nextUrl.searchParams))
      const body = options.body && parse(options.body, await readJson(request))
      const output = await handler({
        service,
        actor,
        param: (name) => paramOf(params, name),
        query: query as z.output<Query>,
        body: body as z.output<Body>,
      })
      return respond(options, output)
    } catch (error) {
      return renderError(error, requestId)
    }
  }
}

async function findActor(service: Service, request: NextRequest, requestId: string): Promise<Actor> {
  const token = request.cookies.get(SESSION_COOKIE)?.value
  const address = request.headers.get('x-sceau-address')
  const actor = token === undefined ? null : await service.sessions.find({ token, address, requestId })
  if (actor === null) throw new RouteError('NotSignedIn', 401, 'Sign in first.')
  return actor
}

function authorize(service: Service, actor: Actor, permission: RoutePermission, params: Record<string, string>): void {
  if (permission === 'signed-in') return
  if (permission === 'administrator') service.access.requireAdministrator(actor)
  else service.access.requirePermission(actor, paramOf(params, 'ns'), permission)
}

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const fields = Object.fromEntries(result.error.issues.map((issue) => [issue.path.join('.'), issue.message]))
  throw new RouteError('InvalidArgument', 400, 'The input is not valid.', fields)
}

function paramOf(params: Record<string, string>, name: string): string {
  const value = params[name]
  if (value === undefined) throw new Error(`the route has no segment called ${name}`)
  return value
}

function respond<Output extends z.ZodType>(
  { output: schema, status = 200 }: Pick<RouteOptions<z.ZodType, z.ZodType, Output>, 'output' | 'status'>,
  output: unknown,
): Response {
  const headers = { 'cache-control': 'no-store' }
  if (schema === undefined) return new Response(null, { status: 204, headers })
  const body = schema.parse(output)
  return Response.json(body, { status: typeof status === 'function' ? status(body) : status, headers })
}
