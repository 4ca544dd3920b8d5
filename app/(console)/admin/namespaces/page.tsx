import type { Metadata } from 'next'
import { NamespacesScreen } from '#components/namespaces/namespaces-screen.tsx'
import { readTranslator } from '#lib/i18n/server.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await readTranslator())('namespaces.title') }
}

export default function NamespacesPage() {
  return <NamespacesScreen />
}
