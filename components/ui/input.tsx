import type { ComponentProps } from 'react'
import { cn } from '#lib/cn.ts'

const inputClass = cn(
  'h-9 w-full min-w-0 rounded-lg border border-line-strong/75 bg-surface px-3 text-sm shadow-lift transition-colors',
  'placeholder:text-ink-soft hover:border-line-strong focus-visible:border-focus focus-visible:outline-1 focus-visible:outline-offset-0',
  'aria-invalid:border-bad aria-invalid:focus-visible:outline-bad disabled:opacity-55',
)

export function Input({ className, ...props }: ComponentProps<'input'>) {
  return <input {...props} className={cn(inputClass, className)} />
}
