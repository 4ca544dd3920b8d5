'use client'
import { CopyButton } from '#components/shared/copy-button.tsx'

interface CopyValueProps {
  label: string
  value: string
  copyLabel: string
}

/** One term of a list: an id, a key or a digest that people compare or quote. */
export function CopyValue({ label, value, copyLabel }: CopyValueProps) {
  return (
    <div className="grid gap-0.5">
      <dt className="text-ink-soft text-xs">{label}</dt>
      <dd className="flex items-center gap-1">
        <span className="min-w-0 grow break-all font-mono text-xs leading-5">{value}</span>
        <CopyButton text={value} label={copyLabel} />
      </dd>
    </div>
  )
}
