'use client'
import { type KeyboardEvent, useRef } from 'react'
import type { Entry } from '#components/objects/entry.ts'
import { ROW_HEIGHT } from '#components/objects/grid-row.tsx'
import {
  clear,
  extendTo,
  findByTyping,
  type GridSelection,
  moveTo,
  selectAll,
  toggle,
} from '#components/objects/grid-selection.ts'

const TYPING_PAUSE_MS = 700
const PAGE_ROWS = Math.floor(600 / ROW_HEIGHT)

interface GridKeys {
  entries: readonly Entry[]
  selection: GridSelection
  chosen: readonly Entry[]
  /** Takes the new selection and brings its active row into view, focused. */
  apply: (next: GridSelection) => void
  onOpen: (entry: Entry, byKeyboard: boolean) => void
  onDelete: ((entries: readonly Entry[]) => void) | null
}

/** The keyboard of the grid: https://www.w3.org/WAI/ARIA/apg/patterns/grid/ with rows as the unit of focus. */
export function useGridKeys({ entries, selection: before, chosen, apply, onOpen, onDelete }: GridKeys) {
  const typed = useRef({ text: '', at: 0 })

  function type(selection: GridSelection, character: string): void {
    const now = performance.now()
    const text = now - typed.current.at > TYPING_PAUSE_MS ? character : typed.current.text + character
    typed.current = { text, at: now }
    const found = findByTyping(entries, selection.active, text)
    if (found !== null) apply(moveTo(selection, entries, found))
  }

  function act(event: KeyboardEvent, selection: GridSelection): boolean {
    const { key, shiftKey } = event
    const command = event.ctrlKey || event.metaKey
    const entry = entries[selection.active]
    const step = stepOf(key, selection.active, entries.length)
    if (step !== null) apply((shiftKey ? extendTo : moveTo)(selection, entries, step))
    else if (key === ' ' && performance.now() - typed.current.at > TYPING_PAUSE_MS)
      apply(toggle(selection, entries, selection.active))
    else if (command && key.toLowerCase() === 'a') apply(selectAll(selection, entries))
    else if (key === 'Escape' && chosen.length > 0) apply(clear(selection))
    else if (key === 'Enter' && entry !== undefined) onOpen(entry, true)
    else if (key === 'Delete' && entry !== undefined) onDelete?.(chosen.length > 0 ? chosen : [entry])
    else if (!command && !event.altKey && [...key].length === 1) type(selection, key)
    else return false
    return true
  }

  return (event: KeyboardEvent): void => {
    // Only rows: buttons and boxes inside keep their own keys.
    if (!(event.target instanceof HTMLElement) || event.target.getAttribute('role') !== 'row') return
    // The row with the focus decides: rows that arrive above it move it to another index.
    const index = Number(event.target.getAttribute('aria-rowindex')) - 2
    const selection = index === before.active ? before : moveTo(before, entries, index)
    if (act(event, selection)) event.preventDefault()
  }
}

/** The row that a moving key leads to; null for every other key. */
function stepOf(key: string, active: number, count: number): number | null {
  if (key === 'ArrowDown') return active + 1
  if (key === 'ArrowUp') return active - 1
  if (key === 'PageDown') return active + PAGE_ROWS
  if (key === 'PageUp') return active - PAGE_ROWS
  if (key === 'Home') return 0
  return key === 'End' ? count - 1 : null
}
