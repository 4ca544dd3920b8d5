import { NextRequest } from 'next/server'
import { SESSION_COOKIE } from '#storage-engine/accounts/console-sessions.ts'
import type { Person, TestConsole } from '#storage-engine/testing/start-test-console.ts'

type RouteHandler = (request: NextRequest, context: { params: Promise<Record<string, string>> }) => Promise<Response>

export interface RouteCall {
  method?: string
  /** Values of the path's segments, decoded. */
  params?: Record<string, string>
  query?: Record<string, string>
  /** Whose session; nobody's when null. */
  as: Person | null
  /** Sent as JSON unless it is text. */
  body?: unknown
  headers?: Record<string, string>
}

/** Calls a route's handler as Next would. */
export async function callRoute(testConsole: TestConsole, handler: RouteHandler, call: RouteCall) {
  const { as, params = {}, query = {}, body } = call
  const cookie: Record<string, string> =
    as === null ? {} : { cookie: `${SESSION_COOKIE}=${await testConsole.signIn(as)}` }
  const request = new NextRequest(`https://127.0.0.1/api/v1?${new URLSearchParams(query)}`, {
    method: call.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { 'x-request-id': 'request-1', 'content-type': 'application/json', ...cookie, ...call.headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const response = await handler(request, { params: Promise.resolve(params) })
  const text = await response.text()
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of an answer is what it tests
  const json: any = text === '' ? null : JSON.parse(text)
  return { status: response.status, headers: response.headers, json }
}
