import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { BucketsScreen } from '#components/buckets/buckets-screen.tsx'
import { readNamespace } from '#components/session/read-namespace.ts'
import { readTranslator } from '#lib/i18n/server.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await readTranslator())('buckets.title') }
}

export default async function BucketsPage({ params }: { params: Promise<{ ns: string }> }) {
  const namespace = await readNamespace((await params).ns)
  if (namespace === null) notFound()
  return <BucketsScreen namespace={namespace.name} canWrite={namespace.permissions.includes('object-storage_write')} />
}
