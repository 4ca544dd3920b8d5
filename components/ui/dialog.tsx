'use client'
import { Dialog as Base } from '@base-ui/react/dialog'
import type { ReactNode, RefObject } from 'react'
import { cn } from '#lib/cn.ts'

export const scrimClass =
  'fixed inset-0 z-40 min-h-dvh bg-scrim transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0'

interface DialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: ReactNode
  text?: ReactNode
  children?: ReactNode
  /** Buttons, the main one last. */
  actions: ReactNode
  /** Alert dialogs are not closed by a press beside them. */
  alert?: boolean
  initialFocus?: RefObject<HTMLElement | null>
  className?: string
}

export function Dialog({
  open,
  onOpenChange,
  title,
  text,
  children,
  actions,
  alert = false,
  initialFocus,
  className,
}: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={onOpenChange} disablePointerDismissal={alert}>
      <Base.Portal>
        <Base.Backdrop className={scrimClass} />
        <Base.Popup
          {...(alert ? { role: 'alertdialog' } : {})}
          {...(initialFocus === undefined ? {} : { initialFocus })}
          className={cn(
            'fixed top-1/2 left-1/2 z-40 flex max-h-[calc(100dvh-2rem)] w-[min(29rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 flex-col gap-4 overflow-y-auto rounded-2xl border border-line bg-raised p-5 shadow-float outline-hidden sm:p-6',
            'transition-[opacity,scale] duration-150 data-ending-style:scale-98 data-starting-style:scale-98 data-ending-style:opacity-0 data-starting-style:opacity-0',
            className,
          )}
        >
          <div className="grid gap-1.5">
            <Base.Title className="text-balance break-words font-semibold text-base">{title}</Base.Title>
            {text !== undefined && <Base.Description className="text-ink-soft text-sm">{text}</Base.Description>}
          </div>
          {children}
          <div className="mt-1 flex flex-wrap justify-end gap-2">{actions}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
