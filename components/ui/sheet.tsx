'use client'
import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { type ReactNode, useRef } from 'react'
import { scrimClass } from '#components/ui/dialog.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
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
  /** The content brings its own padding and scrolling. */
  flush?: boolean
  className?: string
}

/** A panel from the right edge; on narrow screens it takes the whole width. */
export function Sheet({
  open,
  onOpenChange,
  title,
  text,
  closeLabel,
  children,
  footer,
  modal = true,
  flush = false,
  className,
}: SheetProps) {
  const popup = useRef<HTMLDivElement>(null)
  // A form's first field, else the panel itself: its first button would greet with a tooltip.
  const findFocus = () => (modal ? popup.current?.querySelector('input') : null) ?? popup.current
  return (
    <Base.Root open={open} onOpenChange={onOpenChange} modal={modal} disablePointerDismissal={!modal}>
      <Base.Portal>
        {modal && <Base.Backdrop className={scrimClass} />}
        <Base.Popup
          ref={popup}
          initialFocus={findFocus}
          className={cn(
            'fixed inset-y-0 right-0 z-40 flex w-full max-w-[28rem] flex-col border-line border-l bg-raised shadow-float outline-hidden',
            'transition-[translate,opacity] duration-200 data-ending-style:translate-x-8 data-starting-style:translate-x-8 data-ending-style:opacity-0 data-starting-style:opacity-0',
            className,
          )}
        >
          <div className="flex items-start gap-3 border-line border-b py-3.5 pr-3 pl-5">
            <div className="grid min-w-0 grow gap-1 pt-1">
              <Base.Title className="break-words font-semibold text-base">{title}</Base.Title>
              {text != null && text !== false && (
                <Base.Description className="text-ink-soft text-sm" render={<div />}>
                  {text}
                </Base.Description>
              )}
            </div>
            <Base.Close
              render={
                <IconButton label={closeLabel}>
                  <X aria-hidden />
                </IconButton>
              }
            />
          </div>
          <div className={flush ? 'flex min-h-0 grow flex-col' : 'min-h-0 grow overflow-y-auto p-5'}>{children}</div>
          {footer != null && footer !== false && (
            <div className="flex flex-wrap justify-end gap-2 border-line border-t px-5 py-3.5">{footer}</div>
          )}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
