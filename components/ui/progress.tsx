'use client'
import { Progress as Base } from '@base-ui/react/progress'
import { cn } from '#lib/cn.ts'

interface ProgressProps {
  /** 0 to 1. */
  value: number
  label: string
  tone?: 'accent' | 'good' | 'bad' | 'muted'
  className?: string
}

const TONES = { accent: 'bg-accent', good: 'bg-good', bad: 'bg-bad', muted: 'bg-line-strong' } as const

export function Progress({ value, label, tone = 'accent', className }: ProgressProps) {
  return (
    <Base.Root value={Math.round(value * 1000) / 10} aria-label={label} className={cn('w-full', className)}>
      <Base.Track className="h-1.5 overflow-hidden rounded-full bg-sunken ring-1 ring-line ring-inset">
        <Base.Indicator className={cn('rounded-full transition-[width] duration-200', TONES[tone])} />
      </Base.Track>
    </Base.Root>
  )
}
