import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import type { ReactNode } from 'react'
import { Shell } from '#components/shell/shell.tsx'
import { readSession } from '#lib/server/session.ts'

/** Everything behind the sign-in. Uploads in the shell go on while pages below it change. */
export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const session = await readSession()
  if (session === null) redirect(await loginHref())
  return <Shell session={session}>{children}</Shell>
}

async function loginHref(): Promise<string> {
  const path = (await headers()).get('x-sceau-path')
  return path === null ? '/login' : `/login?${new URLSearchParams({ next: path })}`
}
