'use client'
import { useMessages, useTranslations } from 'use-intl'
import { type ApiFailure, ApiRequestError } from '#lib/fetch-json.ts'

/** What a failure means for a person, in their language; the server's own words when we know no better. */
export function useFailureText(): (failure: ApiFailure) => string {
  const t = useTranslations('errors')
  const { errors } = useMessages()
  return ({ code, message }) => {
    if (Object.hasOwn(errors.code, code)) return t(`code.${code as keyof typeof errors.code}`)
    return message === '' ? t('other') : message
  }
}

/** The failure inside whatever a query or a mutation threw. */
export function failureOfError(error: Error): ApiFailure {
  if (error instanceof ApiRequestError) return error.failure
  return { status: 0, code: 'UnexpectedAnswer', message: '', requestId: null }
}
