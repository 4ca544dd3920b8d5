/** Which row the keyboard is on, where a range began, and what is selected: by id, so that it survives new pages. */
export interface GridSelection {
  active: number
  anchor: number
  selected: ReadonlySet<string>
}

export const NOTHING_SELECTED: GridSelection = { active: 0, anchor: 0, selected: new Set() }

type Ids = readonly { id: string }[]

const clamp = (index: number, rows: Ids) => Math.max(0, Math.min(index, rows.length - 1))

/** Moves the keyboard without selecting. */
export function moveTo(selection: GridSelection, rows: Ids, index: number): GridSelection {
  const active = clamp(index, rows)
  return { ...selection, active, anchor: active }
}

/** Selects exactly what lies between the anchor and `index`. */
export function extendTo(selection: GridSelection, rows: Ids, index: number): GridSelection {
  const active = clamp(index, rows)
  const anchor = clamp(selection.anchor, rows)
  const range = rows.slice(Math.min(anchor, active), Math.max(anchor, active) + 1)
  return { active, anchor, selected: new Set(range.map(({ id }) => id)) }
}

/** Adds one row to the selection, or takes it out; a range may begin there. */
export function toggle(selection: GridSelection, rows: Ids, index: number): GridSelection {
  const row = rows[index]
  if (row === undefined) return selection
  const selected = new Set(selection.selected)
  if (!selected.delete(row.id)) selected.add(row.id)
  return { active: index, anchor: index, selected }
}

export function selectAll(selection: GridSelection, rows: Ids): GridSelection {
  return { ...selection, selected: new Set(rows.map(({ id }) => id)) }
}

export function clear(selection: GridSelection): GridSelection {
  return { ...selection, selected: new Set() }
}

/**
 * The row that typing leads to: the next whose name starts with the text, from the active one on and around the end.
 * A first letter moves on from the active row; more letters may stay on it.
 */
export function findByTyping(rows: readonly { name: string }[], active: number, text: string): number | null {
  const wanted = text.toLocaleLowerCase()
  const first = [...text].length > 1 ? active : active + 1
  for (let step = 0; step < rows.length; step++) {
    const index = (first + step) % rows.length
    if (rows[index]?.name.toLocaleLowerCase().startsWith(wanted)) return index
  }
  return null
}
