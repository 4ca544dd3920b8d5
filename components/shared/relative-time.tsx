'use client'
import { useNow } from 'use-intl'
import { useFormat } from '#components/shared/use-format.ts'

const REFRESH_MS = 30_000

/** "3 hours ago", with the date and time on hover. */
export function RelativeTime({ iso }: { iso: string }) {
  const format = useFormat()
  const now = useNow({ updateInterval: REFRESH_MS })
  const date = new Date(iso)
  return (
    <time dateTime={iso} title={format.absolute(date)} className="whitespace-nowrap" suppressHydrationWarning>
      {format.relative(date, now)}
    </time>
  )
}
