'use client'
import { Checkbox as Base } from '@base-ui/react/checkbox'
import { Check, Minus } from 'lucide-react'
import type { ComponentProps } from 'react'
import { cn } from '#lib/cn.ts'

/** The box is 16 px; the area that answers is 24 px. */
export function Checkbox({ className, ...props }: ComponentProps<typeof Base.Root>) {
  return (
    <Base.Root
      {...props}
      className={cn(
        'relative inline-flex size-4 shrink-0 cursor-pointer items-center justify-center rounded-[5px] border border-line-strong bg-surface text-on-accent before:absolute before:-inset-1.5',
        'data-checked:border-accent data-checked:bg-accent data-indeterminate:border-accent data-indeterminate:bg-accent',
        className,
      )}
    >
      <Base.Indicator
        className="flex data-unchecked:hidden"
        render={(indicatorProps, state) => (
          <span {...indicatorProps}>
            {state.indeterminate ? (
              <Minus aria-hidden className="size-3" strokeWidth={3} />
            ) : (
              <Check aria-hidden className="size-3" strokeWidth={3} />
            )}
          </span>
        )}
      />
    </Base.Root>
  )
}
