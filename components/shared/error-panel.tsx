'use client'
import { TriangleAlert } from 'lucide-react'
import { useTranslations } from 'use-intl'
import { CopyButton } from '#components/shared/copy-button.tsx'
import { failureOfError, useFailureText } from '#components/shared/use-failure.ts'
import { useNoticeText } from '#components/shared/use-notice.ts'
import { Button } from '#components/ui/button.tsx'

/** Their messages tell what no translation knows: which value, which key, which lock. */
const CODES_THAT_SAY_MORE = ['InvalidArgument', 'KeyIsInUse', 'KeysAreChanging']

interface ErrorPanelProps {
  error: Error
  onRetry?: () => void
}

/** What went wrong for a person, and what to quote when they report it. */
export function ErrorPanel({ error, onRetry }: ErrorPanelProps) {
  const t = useTranslations()
  const failureText = useFailureText()
  const noticeText = useNoticeText()
  const failure = failureOfError(error)
  const saysMore = failure.notice !== undefined || CODES_THAT_SAY_MORE.includes(failure.code)
  const details = [failure.code, failure.requestId].filter((part) => part !== null && part !== '').join(' · ')
  return (
    <div role="alert" className="flex items-start gap-3 rounded-xl border border-bad/35 bg-bad-soft p-4">
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="grid min-w-0 grow gap-1">
        <p className="font-medium">{failureText(failure)}</p>
        {saysMore && <p className="break-words">{noticeText(failure)}</p>}
        <p className="break-all font-mono text-ink-soft text-xs">
          {failure.code}
          {failure.requestId !== null && (
            <>
              {' · '}
              <span className="sr-only">{t('errors.requestId')} </span>
              {failure.requestId}
            </>
          )}
        </p>
      </div>
      <CopyButton text={details} label={t('errors.copyDetails')} />
      {onRetry !== undefined && <Button onClick={onRetry}>{t('common.retry')}</Button>}
    </div>
  )
}
