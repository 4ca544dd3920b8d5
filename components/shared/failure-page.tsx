'use client'
import { useTranslations } from 'use-intl'
import { MessagePage } from '#components/shared/message-page.tsx'
import { Button } from '#components/ui/button.tsx'

interface FailurePageProps {
  /** The digest finds the cause in the server's log. */
  error: Error & { digest?: string }
  reset: () => void
}

export function FailurePage({ error, reset }: FailurePageProps) {
  const t = useTranslations()
  return (
    <MessagePage title={t('states.failedTitle')} text={t('states.failedText')}>
      <Button variant="primary" onClick={reset}>
        {t('common.retry')}
      </Button>
      {error.digest !== undefined && (
        <p className="w-full font-mono text-ink-soft text-xs">
          {t('errors.requestId')} {error.digest}
        </p>
      )}
    </MessagePage>
  )
}
