'use client'
import { Switch as Base } from '@base-ui/react/switch'
import type { ComponentProps } from 'react'
import { cn } from '#lib/cn.ts'

export function Switch({ className, ...props }: ComponentProps<typeof Base.Root>) {
  return (
    <Base.Root
      {...props}
      className={cn(
        'inline-flex h-6 w-10 shrink-0 cursor-pointer items-center rounded-full border border-line-strong bg-sunken p-0.5 transition-colors',
        'data-checked:border-accent data-checked:bg-accent data-disabled:cursor-not-allowed data-disabled:opacity-55',
        className,
      )}
    >
      <Base.Thumb className="size-4.5 rounded-full bg-line-strong transition-[translate,background-color] duration-150 data-checked:translate-x-4 data-checked:bg-on-accent" />
    </Base.Root>
  )
}
