import type { ReactNode } from 'react'
import { NamespaceFrame } from '#components/namespaces/namespace-frame.tsx'

interface NamespaceLayoutProps {
  params: Promise<{ ns: string }>
  children: ReactNode
}

export default async function NamespaceLayout({ params, children }: NamespaceLayoutProps) {
  return <NamespaceFrame name={(await params).ns}>{children}</NamespaceFrame>
}
