'use client'
import type { ComponentProps, ReactNode } from 'react'
import { Button, type ButtonLook } from '#components/ui/button.tsx'
import { Tooltip } from '#components/ui/tooltip.tsx'

interface IconButtonProps
  extends Omit<ComponentProps<'button'>, 'children' | 'aria-label'>,
    Pick<ButtonLook, 'variant'> {
  /** Said to screen readers and shown on hover. */
  label: string
  children: ReactNode
}

export function IconButton({ label, variant = 'ghost', children, ...props }: IconButtonProps) {
  return (
    <Tooltip text={label}>
      <Button {...props} variant={variant} size="icon" aria-label={label}>
        {children}
      </Button>
    </Tooltip>
  )
}
