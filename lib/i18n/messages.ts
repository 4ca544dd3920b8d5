import type {} from 'use-intl'
import type { en } from '#lib/i18n/en.ts'

type Words<Tree> = { readonly [Key in keyof Tree]: Tree[Key] extends string ? string : Words<Tree[Key]> }

/** The shape that every language fills: the keys of English, any words. */
export type Messages = Words<typeof en>

// Makes t('…') check its key and its arguments against the English text.
declare module 'use-intl' {
  interface AppConfig {
    Locale: 'en' | 'fr'
    Messages: typeof en
  }
}
