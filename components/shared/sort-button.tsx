'use client'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { cn } from '#lib/cn.ts'
import type { SortOrder } from '#lib/schemas/page.ts'

interface SortButtonProps {
  label: string
  /** Null when the list is sorted by something else. */
  order: SortOrder | null
  /** The column's values end at the right: so does the label. */
  toRight?: boolean
  onClick: () => void
}

/** The head of a column that sorts; its cell carries aria-sort. */
export function SortButton({ label, order, toRight = false, onClick }: SortButtonProps) {
  const Arrow = order === 'desc' ? ArrowDown : ArrowUp
  return (
    <button
      type="button"
      onClick={onClick}
      className={cn(
        'group/sort -mx-1.5 inline-flex h-7 items-center gap-1 rounded-md px-1.5 font-medium text-ink-soft text-xs hover:bg-hover hover:text-ink data-active:text-ink',
        toRight && 'flex-row-reverse',
      )}
      data-active={order === null ? undefined : ''}
    >
      {label}
      <Arrow
        aria-hidden
        className={order === null ? 'size-3 opacity-0 transition-opacity group-hover/sort:opacity-60' : 'size-3'}
      />
    </button>
  )
}

/** aria-sort of a column's head. */
export function ariaSort(order: SortOrder | null): 'ascending' | 'descending' | 'none' {
  if (order === null) return 'none'
  return order === 'asc' ? 'ascending' : 'descending'
}
