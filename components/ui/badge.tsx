import type { ComponentProps } from 'react'
import { cn } from '#lib/cn.ts'

const TONES = {
  neutral: 'bg-sunken text-ink-soft ring-line',
  good: 'bg-good-soft text-good ring-good/25',
  warn: 'bg-warn-soft text-warn ring-warn/25',
  bad: 'bg-bad-soft text-bad ring-bad/25',
  accent: 'bg-accent-soft text-accent-ink ring-accent/25',
} as const

export type BadgeTone = keyof typeof TONES

export function Badge({ tone = 'neutral', className, ...props }: ComponentProps<'span'> & { tone?: BadgeTone }) {
  return (
    <span
      {...props}
      className={cn(
        'inline-flex max-w-full items-center gap-1 whitespace-nowrap rounded-full px-2 py-0.5 font-medium text-xs ring-1 ring-inset [&_svg]:size-3 [&_svg]:shrink-0',
        TONES[tone],
        className,
      )}
    />
  )
}
