import type { ReactNode } from 'react'
import { Logo } from '#components/shell/logo.tsx'

interface MessagePageProps {
  title: string
  text: string
  children?: ReactNode
}

/** A page that is only a sentence: nothing here, not allowed, failed. */
export function MessagePage({ title, text, children }: MessagePageProps) {
  return (
    <div className="flex min-h-[70dvh] flex-col items-center justify-center px-6 py-16 text-center">
      <Logo className="mb-5 size-12 text-accent" />
      <h1 className="text-balance font-semibold text-xl tracking-tight">{title}</h1>
      <p className="mt-2 max-w-md text-pretty text-ink-soft">{text}</p>
      <div className="mt-6 flex flex-wrap justify-center gap-2">{children}</div>
    </div>
  )
}
