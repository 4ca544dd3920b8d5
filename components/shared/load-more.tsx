'use client'
import type { UseInfiniteQueryResult } from '@tanstack/react-query'
import { useTranslations } from 'use-intl'
import { Button, type ButtonLook } from '#components/ui/button.tsx'

interface LoadMoreProps extends Pick<ButtonLook, 'size'> {
  query: Pick<UseInfiniteQueryResult, 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'>
  className?: string
}

/** Asks for the next page of a list, where there is one. */
export function LoadMore({ query, ...look }: LoadMoreProps) {
  const t = useTranslations('common')
  if (!query.hasNextPage) return null
  return (
    <Button {...look} disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
      {t('loadMore')}
    </Button>
  )
}
