'use client'
import { Upload } from 'lucide-react'
import { type DragEvent, type ReactNode, useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import type { FolderAddress } from '#components/objects/files-href.ts'
import { useAddFiles } from '#components/objects/use-add-files.ts'
import { cn } from '#lib/cn.ts'
import { filesOfDrop } from '#lib/upload/collect-files.ts'

interface DropZoneProps {
  address: FolderAddress
  /** The role may not write here. */
  disabled: boolean
  /** Leaves room for a panel at the right where there is room. */
  beside: boolean
  children: ReactNode
}

/** Takes files and folders dropped anywhere on the page. The upload button does the same without dragging. */
export function DropZone({ address, disabled, beside, children }: DropZoneProps) {
  const t = useTranslations('objects')
  const add = useAddFiles(address)
  const [over, setOver] = useState(false)
  // Entering a child is reported before the parent is left.
  const depth = useRef(0)

  function follow(event: DragEvent, step: number) {
    if (!carriesFiles(event)) return
    event.preventDefault()
    depth.current = Math.max(0, depth.current + step)
    setOver(depth.current > 0)
  }

  function drop(event: DragEvent) {
    if (!carriesFiles(event)) return
    event.preventDefault()
    depth.current = 0
    setOver(false)
    void add(filesOfDrop(event.dataTransfer))
  }

  const handlers = disabled
    ? {}
    : {
        onDragEnter: (event: DragEvent) => follow(event, 1),
        onDragOver: (event: DragEvent) => follow(event, 0),
        onDragLeave: (event: DragEvent) => follow(event, -1),
        onDrop: drop,
      }
  return (
    <section
      {...handlers}
      data-testid="drop-zone"
      className={cn('relative flex grow flex-col', beside && 'xl:mr-[27rem]')}
    >
      {children}
      {over && (
        <div className="pointer-events-none absolute -inset-2 z-20 flex items-center justify-center rounded-2xl border-2 border-accent border-dashed bg-accent-soft/90">
          <p className="flex items-center gap-2.5 font-semibold text-accent-ink">
            <Upload aria-hidden className="size-5" />
            {t('dropHere', { folder: address.prefix === '' ? address.bucket : address.prefix })}
          </p>
        </div>
      )}
    </section>
  )
}

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer.types.includes('Files')
}
