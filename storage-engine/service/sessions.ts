import type { Actor } from '#storage-engine/accounts/actor.ts'
import { audited } from '#storage-engine/accounts/audited.ts'
import { closeSession } from '#storage-engine/accounts/console-sessions.ts'
import { type SignInRequest, signIn, usernameOf } from '#storage-engine/accounts/sign-in.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { findUserByUsername } from '#storage-engine/metadata/users.ts'

export interface OpenSessionRequest extends SignInRequest {
  requestId: string
  /** Of the session that the browser had before: it ends with the new one's beginning. */
  previousToken: string | null
}

/** In the audit, in the place of a name that nobody has: people type passwords where names belong. */
const NOBODY = '(unknown)'

/** Throws InvalidCredentials, TooManyAttempts. */
export async function openSession(
  engine: Engine,
  { requestId, previousToken, ...request }: OpenSessionRequest,
): Promise<{ token: string; userId: string }> {
  const user = await findUserByUsername(engine.db, { username: usernameOf(request.username) })
  const visitor = { username: user?.username ?? NOBODY, address: request.address, requestId }
  const act = { namespaceId: null, action: 'session.open', target: visitor.username }
  const opened = await audited(engine, visitor, act, () => signIn(engine, request))
  if (previousToken !== null) await closeSession(engine, { token: previousToken })
  return opened
}

/** What the console shows of the person signed in. */
export function describeSession(actor: Actor) {
  return {
    user: {
      id: actor.userId,
      username: actor.username,
      displayName: actor.displayName,
      isAdministrator: actor.isAdministrator,
    },
    namespaces: actor.memberships.map(({ name, displayName, role, permissions }) => ({
      name,
      displayName,
      role,
      permissions,
    })),
  }
}
