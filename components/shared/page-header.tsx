import type { ReactNode } from 'react'

interface PageHeaderProps {
  title: string
  lead?: ReactNode
  actions?: ReactNode
}

export function PageHeader({ title, lead, actions }: PageHeaderProps) {
  return (
    <header className="mb-5 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="grid gap-1">
        <h1 className="font-semibold text-xl tracking-tight">{title}</h1>
        {lead !== undefined && <p className="text-ink-soft">{lead}</p>}
      </div>
      {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  )
}
