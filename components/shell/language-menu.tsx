'use client'
import { Languages } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useLocale, useTranslations } from 'use-intl'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Menu, MenuChoices, MenuGroup } from '#components/ui/menu.tsx'
import { LOCALE_COOKIE, LOCALE_COOKIE_SECONDS, LOCALE_NAMES, LOCALES, type Locale } from '#lib/i18n/locale.ts'

export function LanguageMenu() {
  const t = useTranslations('shell')
  const locale = useLocale()
  const router = useRouter()

  function choose(next: Locale) {
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API does not exist in every browser we serve
    document.cookie = `${LOCALE_COOKIE}=${next}; path=/; max-age=${LOCALE_COOKIE_SECONDS}; samesite=lax; secure`
    router.refresh()
  }

  return (
    <Menu
      trigger={
        <IconButton label={t('language')}>
          <Languages aria-hidden />
        </IconButton>
      }
    >
      <MenuGroup label={t('language')}>
        <MenuChoices
          label={t('language')}
          value={locale}
          onChange={choose}
          options={LOCALES.map((value) => ({ value, label: LOCALE_NAMES[value] }))}
        />
      </MenuGroup>
    </Menu>
  )
}
