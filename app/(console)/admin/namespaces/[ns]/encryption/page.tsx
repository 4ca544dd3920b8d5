import type { Metadata } from 'next'
import { EncryptionScreen } from '#components/encryption/encryption-screen.tsx'
import { readTranslator } from '#lib/i18n/server.ts'

type Props = { params: Promise<{ ns: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `${(await readTranslator())('namespace.encryption')} · ${(await params).ns}` }
}

export default async function NamespaceEncryptionPage({ params }: Props) {
  return <EncryptionScreen namespace={(await params).ns} />
}
