import type { ComponentProps } from 'react'
import { cn } from '#lib/cn.ts'

const VARIANTS = {
  primary: 'bg-accent text-on-accent shadow-lift hover:bg-accent-hover',
  secondary: 'border border-line-strong/60 bg-surface text-ink shadow-lift hover:bg-hover',
  ghost: 'text-ink-soft hover:bg-hover hover:text-ink',
  danger: 'bg-bad text-on-accent shadow-lift hover:bg-bad-hover',
} as const

const SIZES = {
  small: 'h-7 gap-1.5 rounded-md px-2 text-xs',
  medium: 'h-9 gap-2 rounded-lg px-3.5 text-sm',
  icon: 'size-8 rounded-lg',
} as const

export interface ButtonLook {
  variant?: keyof typeof VARIANTS
  size?: keyof typeof SIZES
}

/** The classes of a button, for links that look like one. */
export function buttonClass({ variant = 'secondary', size = 'medium' }: ButtonLook = {}): string {
  return cn(
    'inline-flex shrink-0 select-none items-center justify-center whitespace-nowrap font-medium transition-colors duration-100',
    'disabled:cursor-not-allowed disabled:opacity-55 [&_svg]:size-4 [&_svg]:shrink-0',
    VARIANTS[variant],
    SIZES[size],
  )
}

export function Button({ variant, size, className, type = 'button', ...props }: ComponentProps<'button'> & ButtonLook) {
  return (
    <button
      {...props}
      type={type}
      className={cn(buttonClass({ ...(variant && { variant }), ...(size && { size }) }), className)}
    />
  )
}
