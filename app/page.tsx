import { redirect } from 'next/navigation'
import { MessagePage } from '#components/shared/message-page.tsx'
import { readTranslator } from '#lib/i18n/server.ts'
import { readSession } from '#lib/server/session.ts'

/** Leads to the first thing that whoever is signed in can do. */
export default async function HomePage() {
  const session = await readSession()
  if (session === null) redirect('/login')
  const [first] = session.namespaces
  if (first !== undefined) redirect(`/n/${encodeURIComponent(first.name)}/buckets`)
  if (session.user.isAdministrator) redirect('/admin/namespaces')
  const t = await readTranslator()
  return (
    <main>
      <MessagePage title={t('states.noNamespaceTitle')} text={t('states.noNamespaceText')} />
    </main>
  )
}
