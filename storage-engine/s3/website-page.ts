import { StorageError } from '#storage-engine/errors.ts'
import type { ErrorContext } from '#storage-engine/s3/error-response.ts'
import type { WholeResponse } from '#storage-engine/s3/s3-response.ts'
import { escapeXml } from '#storage-engine/xml-text.ts'

const REASONS: Record<number, string> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  412: 'Precondition Failed',
  416: 'Range Not Satisfiable',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

/** An error as a website shows it to people, when it has no page of its own for it; 304 has none at all. */
export function websiteErrorPage(error: unknown, context: ErrorContext): WholeResponse {
  const known = error instanceof StorageError ? error : new StorageError('InternalError', { cause: error })
  const { code, message, status } = known
  const headers = Object.entries(known.headers).flat()
  if (status === 304) return { status, headers, body: null }
  headers.push('Content-Type', 'text/html; charset=utf-8', 'Content-Security-Policy', "default-src 'none'")
  headers.push('x-amz-error-code', code, 'x-amz-error-message', message)
  return { status, headers, body: context.method === 'HEAD' ? null : pageHtml(known, context) }
}

function pageHtml({ code, message, status }: StorageError, { requestId }: ErrorContext): string {
  const title = `${status} ${REASONS[status] ?? 'Error'}`
  const facts = [
    ['Code', code],
    ['Message', message],
    ['RequestId', requestId],
  ]
  const lines = facts.map(([name = '', value = '']) => `<dt>${name}</dt><dd>${escapeXml(value)}</dd>`)
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body><h1>${title}</h1><dl>${lines.join('')}</dl></body></html>\n`
}
