import type { ComponentProps } from 'react'
import { cn } from '#lib/cn.ts'

export function Table({ className, ...props }: ComponentProps<'table'>) {
  return <table {...props} className={cn('w-full border-collapse text-left text-sm', className)} />
}

export function TableHead({ className, ...props }: ComponentProps<'th'>) {
  return (
    <th
      {...props}
      scope="col"
      className={cn('h-10 whitespace-nowrap border-line border-b px-3 font-medium text-ink-soft text-xs', className)}
    />
  )
}

export function TableCell({ className, ...props }: ComponentProps<'td'>) {
  return <td {...props} className={cn('h-12 border-line border-b px-3', className)} />
}
