'use client'
import { useTranslations } from 'use-intl'

/** Whoever did something, as the audit names them: a person by their user name, the product itself in the reader's language. */
export function useActorName(): (actor: string) => string {
  const t = useTranslations('protection.history.actors')
  return (actor) => {
    if (actor === 'service') return t('service')
    return actor === 'command line' ? t('commandLine') : actor
  }
}
