'use client'
import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { IconButton } from '#components/ui/icon-button.tsx'
import { scrimClass } from '#components/ui/dialog.tsx'
import { cn } from '#lib/cn.ts'

interface SheetProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: ReactNode
  text?: ReactNode
  closeLabel: string
  children: ReactNode
  /** Stays in view at the bottom. */
  footer?: ReactNode
  /** Beside the page (false) leaves the page usable. */
  modal?: boolean
  className?: string
}

/** A panel from the right edge; on narrow screens it takes the whole width. */
export function Sheet({ open, onOpenChange, title, text, closeLabel, children, footer, modal = true, className }: SheetProps) {
  return (
    <Base.Root open={open} onOpenChange={onOpenChange} modal={modal} disablePointerDismissal={!modal}>
      <Base.Portal>
        {modal && <Base.Backdrop className={scrimClass} />}
        <Base.Popup
          className={cn(
            'fixed inset-y-0 right-0 z-40 flex w-full max-w-[28rem] flex-col border-line border-l bg-raised shadow-float outline-hidden',
            'transition-[translate,opacity] duration-200 data-ending-style:translate-x-8 data-starting-style:translate-x-8 data-ending-style:opacity-0 data-starting-style:opacity-0',
            className,
          )}
        >
          <header className="flex items-start gap-3 border-line border-b py-3.5 pr-3 pl-5">
            <div className="grid min-w-0 grow gap-1 pt-1">
              <Base.Title className="break-words font-semibold text-base">{title}</Base.Title>
              {text !== undefined && <Base.Description className="text-ink-soft text-sm">{text}</Base.Description>}
            </div>
            <Base.Close
              render={
                <IconButton label={closeLabel}>
                  <X aria-hidden />
                </IconButton>
              }
            />
          </header>
          <div className="min-h-0 grow overflow-y-auto p-5">{children}</div>
          {footer !== undefined && (
            <footer className="flex flex-wrap justify-end gap-2 border-line border-t px-5 py-3.5">{footer}</footer>
          )}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
