import type { ReactNode } from 'react'

interface EmptyStateProps {
  icon: ReactNode
  title: string
  text: string
  action?: ReactNode
}

/** Says why there is nothing, and what to do about it. */
export function EmptyState({ icon, title, text, action }: EmptyStateProps) {
  return (
    <div className="flex flex-col items-center px-6 py-16 text-center">
      <div
        aria-hidden
        className="mb-4 flex size-12 items-center justify-center rounded-2xl bg-accent-soft text-accent-ink ring-1 ring-accent/15 ring-inset [&_svg]:size-5"
      >
        {icon}
      </div>
      <h2 className="text-balance font-semibold text-base">{title}</h2>
      <p className="mt-1.5 max-w-md text-pretty text-ink-soft">{text}</p>
      {action !== undefined && <div className="mt-5 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  )
}
