import type { ComponentProps } from 'react'
import { cn } from '#lib/cn.ts'

export function Card({ className, ...props }: ComponentProps<'div'>) {
  return (
    <div {...props} className={cn('overflow-hidden rounded-xl border border-line bg-surface shadow-lift', className)} />
  )
}
