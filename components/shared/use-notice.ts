'use client'
import { useTranslations } from 'use-intl'
import { useFailureText } from '#components/shared/use-failure.ts'
import { useFormat } from '#components/shared/use-format.ts'
import type { Notice } from '#lib/schemas/notice.ts'

interface Told {
  /** In English. */
  message: string | null
  notice?: Notice | null
}

/** What the service has to tell, in the reader's language; its own words when it told nothing that we have words for. */
export function useNoticeText(): (told: Told) => string | null {
  const t = useTranslations('notices')
  const format = useFormat()
  const failureText = useFailureText()
  return ({ message, notice }) => {
    const code = notice?.code as 'failed'
    if (!notice || !t.has(code)) return message
    const { until, version, error = '', text = '', ...values } = notice.values
    // Why work is interrupted is told to administrators, for whom the error's own words say more than "on our side".
    const isOpaque = code !== 'failed' && error === 'InternalError'
    const failure = { status: 0, code: String(error), message: String(text), requestId: null }
    return t(code, {
      ...values,
      ...(until !== undefined && { until: format.absolute(new Date(until)) }),
      ...(version !== undefined && { version: String(version) }),
      reason: isOpaque ? failure.message : failureText(failure),
    })
  }
}
