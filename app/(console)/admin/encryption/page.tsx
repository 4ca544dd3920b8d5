import type { Metadata } from 'next'
import { RootKeysScreen } from '#components/root-keys/root-keys-screen.tsx'
import { readTranslator } from '#lib/i18n/server.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await readTranslator())('rootKeys.title') }
}

export default function EncryptionPage() {
  return <RootKeysScreen />
}
