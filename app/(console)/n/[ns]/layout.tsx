import { notFound } from 'next/navigation'
import type { ReactNode } from 'react'
import { readNamespace } from '#components/session/read-namespace.ts'

/** A namespace that one is not part of does not exist: no page below it says otherwise. */
export default async function NamespaceLayout({
  children,
  params,
}: {
  children: ReactNode
  params: Promise<{ ns: string }>
}) {
  if ((await readNamespace((await params).ns)) === null) notFound()
  return children
}
