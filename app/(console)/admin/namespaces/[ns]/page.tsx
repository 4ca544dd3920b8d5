import type { Metadata } from 'next'
import { NamespaceOverview } from '#components/namespaces/namespace-overview.tsx'

type Props = { params: Promise<{ ns: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: (await params).ns }
}

export default async function NamespacePage({ params }: Props) {
  return <NamespaceOverview name={(await params).ns} />
}
