// biome-ignore-all lint/a11y/useFocusableInteractive: one row holds the focus, found again by roving tabindex
// biome-ignore-all lint/a11y/useSemanticElements: rows that exist only in view are placed one by one, which a table cannot be
'use client'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type MouseEvent, useCallback, useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import type { Entry } from '#components/objects/entry.ts'
import type { FolderAddress } from '#components/objects/files-href.ts'
import { takeGridFocusRequest } from '#components/objects/grid-focus.ts'
import { GridHead } from '#components/objects/grid-head.tsx'
import { GridRow, ROW_HEIGHT } from '#components/objects/grid-row.tsx'
import {
  clear,
  extendTo,
  type GridSelection,
  moveTo,
  NOTHING_SELECTED,
  selectAll,
  toggle,
} from '#components/objects/grid-selection.ts'
import type { ObjectList } from '#components/objects/queries.ts'
import { SelectionBar } from '#components/objects/selection-bar.tsx'
import { useGridKeys } from '#components/objects/use-grid-keys.ts'
import { useFormat } from '#components/shared/use-format.ts'
import { Card } from '#components/ui/card.tsx'

const OVERSCAN = 12

export interface ObjectGridProps {
  address: FolderAddress
  entries: readonly Entry[]
  list: ObjectList
  openKey: string | null
  /** What is shown belongs to the previous filter. */
  stale: boolean
  hasMore: boolean
  onMore: () => void
  hrefOf: (prefix: string) => string
  onSort: (sort: ObjectList['sort']) => void
  onOpen: (entry: Entry, byKeyboard: boolean) => void
  onDelete: ((entries: readonly Entry[]) => void) | null
}

/** A grid of any length: only the rows in view exist, one row carries the focus, the keyboard does everything. */
export function ObjectGrid({
  address,
  entries,
  list,
  openKey,
  stale,
  hasMore,
  onMore,
  hrefOf,
  onSort,
  onOpen,
  onDelete,
}: ObjectGridProps) {
  const t = useTranslations('objects')
  const format = useFormat()
  const scroller = useRef<HTMLDivElement>(null)
  const [selection, setSelection] = useState<GridSelection>(NOTHING_SELECTED)
  const [focusWanted, setFocusWanted] = useState(takeGridFocusRequest)
  const active = Math.min(selection.active, entries.length - 1)
  const chosen = entries.filter(({ id }) => selection.selected.has(id))

  const virtualizer = useVirtualizer({
    count: entries.length + (hasMore ? 1 : 0),
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
    // The row with the focus stays mounted wherever the scroll position is, else the focus would be lost.
    rangeExtractor: (range) => {
      const first = Math.max(0, range.startIndex - range.overscan)
      const last = Math.min(range.count - 1, range.endIndex + range.overscan)
      const indexes = Array.from({ length: last - first + 1 }, (_, offset) => first + offset)
      return indexes.includes(active) || active < 0 ? indexes : [...indexes, active].sort((a, b) => a - b)
    },
  })

  const apply = useCallback(
    (next: GridSelection) => {
      setSelection(next)
      setFocusWanted(true)
      virtualizer.scrollToIndex(next.active)
    },
    [virtualizer],
  )
  const onKeyDown = useGridKeys({ entries, selection: { ...selection, active }, apply, onOpen, onDelete, chosen })

  function press(event: MouseEvent, index: number) {
    const entry = entries[index]
    if (entry === undefined) return
    if (event.shiftKey) setSelection(extendTo(selection, entries, index))
    else if (event.ctrlKey || event.metaKey) setSelection(toggle(selection, entries, index))
    else {
      setSelection(moveTo(selection, entries, index))
      onOpen(entry, false)
    }
  }

  return (
    <Card className="relative flex min-h-72 grow basis-0 flex-col">
      <SelectionBar chosen={chosen} onClear={() => setSelection(clear(selection))} onDelete={onDelete} />
      <div
        role="grid"
        aria-label={t('gridLabel', { bucket: address.bucket })}
        aria-multiselectable="true"
        aria-rowcount={hasMore ? -1 : entries.length + 1}
        aria-busy={stale}
        className="@container flex min-h-0 grow flex-col"
        onKeyDown={(event: KeyboardEvent) => onKeyDown(event)}
      >
        <GridHead
          list={list}
          onSort={onSort}
          checked={chosen.length === entries.length ? true : chosen.length > 0 ? 'some' : false}
          onCheck={(all) => setSelection(all ? selectAll(selection, entries) : clear(selection))}
        />
        <div
          ref={scroller}
          role="presentation"
          className="min-h-0 grow overflow-y-auto data-stale:opacity-60"
          data-stale={stale ? '' : undefined}
        >
          <div role="rowgroup" className="relative w-full" style={{ height: virtualizer.getTotalSize() }}>
            {virtualizer.getVirtualItems().map(({ index, start }) => {
              const entry = entries[index]
              if (entry === undefined)
                return <MoreRow key={`more:${entries.length}`} start={start} index={index} onMore={onMore} />
              return (
                <GridRow
                  key={entry.id}
                  entry={entry}
                  index={index}
                  start={start}
                  address={address}
                  active={index === active}
                  takeFocus={focusWanted && index === active}
                  selected={selection.selected.has(entry.id)}
                  open={entry.kind === 'object' && entry.object.key === openKey}
                  hrefOf={hrefOf}
                  onPress={press}
                  onToggle={(at) => setSelection(toggle(selection, entries, at))}
                  onFocused={() => setFocusWanted(false)}
                />
              )
            })}
          </div>
        </div>
      </div>
      <p className="border-line border-t px-4 py-2 text-ink-soft text-xs tabular-nums" aria-live="polite">
        {hasMore ? t('loadedMore', { count: format.count(entries.length) }) : t('loaded', { count: entries.length })}
      </p>
    </Card>
  )
}

/** Asks for the next page by coming into being: it exists only when the end of the list is near. */
function MoreRow({ start, index, onMore }: { start: number; index: number; onMore: () => void }) {
  const t = useTranslations('objects')
  // Once for each coming into being, however often the row renders.
  const asked = useRef(false)
  function ask(row: HTMLDivElement | null) {
    if (row === null || asked.current) return
    asked.current = true
    onMore()
  }
  return (
    <div
      ref={ask}
      role="row"
      aria-rowindex={index + 2}
      className="absolute inset-x-0 flex items-center px-4 text-ink-soft text-xs"
      style={{ height: ROW_HEIGHT, transform: `translateY(${start}px)` }}
    >
      <span role="gridcell">{t('loadingMore')}</span>
    </div>
  )
}
