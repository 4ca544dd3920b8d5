import type { ReactNode } from 'react'
import { HomeLink } from '#components/shared/home-link.tsx'
import { MessagePage } from '#components/shared/message-page.tsx'
import { readTranslator } from '#lib/i18n/server.ts'
import { readSession } from '#lib/server/session.ts'

export default async function AdministrationLayout({ children }: { children: ReactNode }) {
  const session = await readSession()
  if (session?.user.isAdministrator) return children
  const t = await readTranslator()
  return (
    <MessagePage title={t('states.forbiddenTitle')} text={t('states.forbiddenText')}>
      <HomeLink label={t('common.home')} />
    </MessagePage>
  )
}
