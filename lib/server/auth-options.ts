import type { NextAuthOptions, User } from 'next-auth'
import type { JWT } from 'next-auth/jwt'
import CredentialsProvider from 'next-auth/providers/credentials'
import { signInInput } from '#lib/schemas/session.ts'
import { getConsoleHost } from '#lib/server/engine.ts'
import { SESSION_COOKIE } from '#lib/server/session-cookie.ts'

const SESSION_SECONDS_MAX = 12 * 3600

interface SignedInUser extends User {
  sessionToken: string
}

/**
 * next-auth carries the sign-in form; the session is ours. Its cookie holds the opaque token itself in place of a JWT
 * (encode and decode below), so that nothing is believed that Postgres does not say at this moment.
 */
export function authOptions(): NextAuthOptions {
  const { formSecret, log } = getConsoleHost()
  return {
    secret: formSecret,
    useSecureCookies: true,
    cookies: {
      sessionToken: { name: SESSION_COOKIE, options: { httpOnly: true, sameSite: 'lax', path: '/', secure: true } },
    },
    session: { strategy: 'jwt', maxAge: SESSION_SECONDS_MAX },
    pages: { signIn: '/login', signOut: '/login', error: '/login' },
    providers: [
      CredentialsProvider({
        name: 'Password',
        credentials: { username: {}, password: {} },
        authorize: (credentials, request) => authorize(credentials, request.headers ?? {}),
      }),
    ],
    callbacks: {
      jwt: ({ token, user }) =>
        user === undefined ? token : { ...token, sessionToken: (user as SignedInUser).sessionToken },
      session: ({ session }) => session,
      redirect: ({ url, baseUrl }) => hrefWithin(baseUrl, url),
    },
    jwt: {
      encode: async ({ token }) => tokenOf(token),
      decode: async ({ token }) => (token === undefined ? null : decode(token)),
    },
    events: {
      signOut: ({ token }) => getConsoleHost().service.sessions.close({ token: tokenOf(token) }),
    },
    logger: {
      // A cookie whose session is over is no mistake.
      error: (code, metadata) => log[code === 'JWT_SESSION_ERROR' ? 'debug' : 'error']({ code, metadata }, 'next-auth'),
      warn: (code) => log.warn({ code }, 'next-auth'),
      debug: () => {},
    },
  }
}

/** `url` when it stays on this console, else the console itself. */
function hrefWithin(baseUrl: string, url: string): string {
  const target = URL.canParse(url, baseUrl) ? new URL(url, baseUrl) : null
  return target?.origin === new URL(baseUrl).origin ? target.href : baseUrl
}

/** Null is next-auth's CredentialsSignin; a thrown message becomes the `error` parameter. */
async function authorize(credentials: unknown, headers: Record<string, string>): Promise<SignedInUser | null> {
  const input = signInInput.safeParse(credentials)
  if (!input.success) return null
  try {
    const { token, userId } = await getConsoleHost().service.sessions.open({
      ...input.data,
      address: headers['x-sceau-address'] ?? null,
      userAgent: headers['user-agent'] ?? null,
      requestId: headers['x-request-id'] ?? '',
      previousToken: previousTokenOf(headers['cookie']),
    })
    return { id: userId, sessionToken: token }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'InvalidCredentials') return null
    throw new Error(code === 'TooManyAttempts' ? 'TooManyAttempts' : 'ServiceUnavailable', { cause: error })
  }
}

/** Of the session that the browser still has from before. */
function previousTokenOf(cookieHeader: string | undefined): string | null {
  const pairs = (cookieHeader ?? '').split(/; */)
  return pairs.find((pair) => pair.startsWith(`${SESSION_COOKIE}=`))?.slice(SESSION_COOKIE.length + 1) ?? null
}

async function decode(token: string): Promise<JWT | null> {
  const actor = await getConsoleHost().service.sessions.find({ token, address: null, requestId: '' })
  return actor === null ? null : { sub: actor.userId, name: actor.username, sessionToken: token }
}

function tokenOf(token: JWT | undefined): string {
  const value = token?.['sessionToken']
  if (typeof value !== 'string') throw new Error('a session without its token')
  return value
}
