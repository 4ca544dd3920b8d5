import { HomeLink } from '#components/shared/home-link.tsx'
import { MessagePage } from '#components/shared/message-page.tsx'
import { readTranslator } from '#lib/i18n/server.ts'

export default async function NotFoundPage() {
  const t = await readTranslator()
  return (
    <main>
      <MessagePage title={t('states.notFoundTitle')} text={t('states.notFoundText')}>
        <HomeLink label={t('common.home')} />
      </MessagePage>
    </main>
  )
}
