import type { Metadata } from 'next'
import { NamedKeysScreen } from '#components/named-keys/named-keys-screen.tsx'
import { readTranslator } from '#lib/i18n/server.ts'

type Props = { params: Promise<{ ns: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `${(await readTranslator())('namedKeys.title')} · ${(await params).ns}` }
}

export default async function NamedKeysPage({ params }: Props) {
  return <NamedKeysScreen namespace={(await params).ns} />
}
