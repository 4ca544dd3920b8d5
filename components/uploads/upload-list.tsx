'use client'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef } from 'react'
import { useTranslations } from 'use-intl'
import { UPLOAD_ROW_HEIGHT, UploadRow } from '#components/uploads/upload-row.tsx'
import type { UploadItem, UploadState } from '#lib/upload/upload-item.ts'

const ROWS_SHOWN = 5

/** What needs a person comes first, then what moves, then what waits, then what is over. */
const URGENCY: Record<UploadState, number> = {
  failed: 0,
  conflict: 1,
  completing: 2,
  uploading: 2,
  paused: 3,
  checking: 4,
  queued: 5,
  done: 6,
  skipped: 7,
  cancelled: 7,
}

export function UploadList({ items }: { items: readonly UploadItem[] }) {
  const t = useTranslations('uploads')
  const scroller = useRef<HTMLElement>(null)
  const rows = [...items].sort((left, right) => URGENCY[left.state] - URGENCY[right.state] || left.id - right.id)
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => UPLOAD_ROW_HEIGHT,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 4,
  })
  return (
    <section
      ref={scroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
      tabIndex={0}
      aria-label={t('title')}
      className="overflow-y-auto focus-visible:-outline-offset-2"
      style={{ height: Math.min(rows.length, ROWS_SHOWN) * UPLOAD_ROW_HEIGHT }}
    >
      <ul className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, start, key }) => {
          const item = rows[index]
          return item === undefined ? null : <UploadRow key={key} item={item} start={start} />
        })}
      </ul>
    </section>
  )
}
