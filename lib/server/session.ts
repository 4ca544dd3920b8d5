import { cookies, headers } from 'next/headers'
import { cache } from 'react'
import type { Session } from '#lib/schemas/session.ts'
import { getConsoleHost } from '#lib/server/engine.ts'
import { SESSION_COOKIE } from '#lib/server/session-cookie.ts'
import type { Actor } from '#storage-engine/service/service.ts'

/** Whoever is signed in, for server components; null when nobody is. Asked once a request. */
const readActor = cache(async (): Promise<Actor | null> => {
  const token = (await cookies()).get(SESSION_COOKIE)?.value
  if (token === undefined) return null
  const requestHeaders = await headers()
  return getConsoleHost().service.sessions.find({
    token,
    address: requestHeaders.get('x-sceau-address'),
    requestId: requestHeaders.get('x-request-id') ?? '',
  })
})

/** The same as GET /api/v1/session; null when nobody is signed in. */
export async function readSession(): Promise<Session | null> {
  const actor = await readActor()
  return actor === null ? null : getConsoleHost().service.sessions.describe(actor)
}
