import { createHash, randomBytes } from 'node:crypto'
import { type Actor, permissionsOf } from '#storage-engine/accounts/actor.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { deleteSession, findSession, insertSession, touchSession } from '#storage-engine/metadata/sessions.ts'
import { listMembershipsOfUser } from '#storage-engine/metadata/users.ts'

/** `__Host-`: this host only, TLS only, every path. lib/server/session-cookie.ts spells it for Next's side. */
export const SESSION_COOKIE = '__Host-sceau.session'
export const SESSION_IDLE_MS = 30 * 60_000
export const SESSION_AGE_MS_MAX = 12 * 3_600_000
/** A session's last use is written down no more often than this. */
const TOUCH_INTERVAL_MS = 60_000
const TOKEN_PATTERN = /^[A-Za-z0-9_-]{43}$/

/** Begins a session of a person who has proved who they are. Resolves to the token, 43 characters, kept nowhere. */
export async function openSession(
  engine: Engine,
  input: { userId: string; address: string | null; userAgent: string | null; now?: Date },
): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const now = input.now ?? new Date()
  await insertSession(engine.db, {
    tokenHash: hashOf(token),
    userId: input.userId,
    createdAt: now,
    expiresAt: new Date(now.getTime() + SESSION_AGE_MS_MAX),
    address: input.address,
    userAgent: input.userAgent?.slice(0, 512) ?? null,
  })
  return token
}

/**
 * Whoever holds `token`, with what they may do at this very moment; null when the token is unknown, revoked, idle for 30
 * minutes or 12 hours old, or its user is disabled. Asked of Postgres each time, so that a revocation acts at once.
 */
export async function findActor(
  engine: Engine,
  input: { token: string; address: string | null; requestId: string; now?: Date },
): Promise<Actor | null> {
  if (!TOKEN_PATTERN.test(input.token)) return null
  const now = input.now ?? new Date()
  const tokenHash = hashOf(input.token)
  const session = await findSession(engine.db, { tokenHash })
  if (session === null || session.user.disabledAt !== null) return null
  const idleMs = now.getTime() - session.lastSeenAt.getTime()
  if (idleMs >= SESSION_IDLE_MS || now >= session.expiresAt) return null
  if (idleMs >= TOUCH_INTERVAL_MS) await touchSession(engine.db, { tokenHash, at: now })
  const { user } = session
  const memberships = await listMembershipsOfUser(engine.db, { userId: user.id })
  return {
    userId: user.id,
    username: user.username,
    displayName: user.displayName,
    isAdministrator: user.isAdministrator,
    memberships: memberships.map(({ namespaceId, name, displayName, role, permissions }) => ({
      namespaceId,
      name,
      displayName,
      role,
      permissions: permissionsOf(role, permissions),
    })),
    address: input.address,
    requestId: input.requestId,
  }
}

/** Revokes a token. Idempotent. */
export async function closeSession(engine: Engine, input: { token: string }): Promise<void> {
  await deleteSession(engine.db, { tokenHash: hashOf(input.token) })
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
