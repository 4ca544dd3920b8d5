import { cookies, headers } from 'next/headers'
import { createTranslator } from 'use-intl/core'
import { en } from '#lib/i18n/en.ts'
import { fr } from '#lib/i18n/fr.ts'
import { LOCALE_COOKIE, type Locale, resolveLocale } from '#lib/i18n/locale.ts'
import type { Messages } from '#lib/i18n/messages.ts'

const MESSAGES: Record<Locale, Messages> = { en, fr }

/** The language of this request and its words. */
export async function readLanguage(): Promise<{ locale: Locale; messages: Messages }> {
  const [jar, head] = await Promise.all([cookies(), headers()])
  const locale = resolveLocale(jar.get(LOCALE_COOKIE)?.value, head.get('accept-language'))
  return { locale, messages: MESSAGES[locale] }
}

/** The translator of server components. */
export async function readTranslator() {
  const { locale, messages } = await readLanguage()
  return createTranslator({ locale, messages: messages as typeof en })
}
