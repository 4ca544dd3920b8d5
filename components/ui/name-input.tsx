import type { ComponentProps } from 'react'
import { Input } from '#components/ui/input.tsx'
import { cn } from '#lib/cn.ts'

/** For technical names, which the machine neither completes nor corrects. */
export function NameInput({ className, ...props }: ComponentProps<'input'>) {
  return (
    <Input
      autoComplete="off"
      autoCapitalize="off"
      spellCheck={false}
      {...props}
      className={cn('font-mono', className)}
    />
  )
}
