import type { Session } from '#lib/schemas/session.ts'
import { readSession } from '#lib/server/session.ts'

export type SessionNamespace = Session['namespaces'][number]

/** The namespace of a page's address, as the address spells it; null when one is not part of it, or it does not exist. */
export async function readNamespace(segment: string): Promise<SessionNamespace | null> {
  const session = await readSession()
  return session?.namespaces.find(({ name }) => name === segment) ?? null
}
