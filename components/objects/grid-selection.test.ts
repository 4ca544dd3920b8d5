import { describe, expect, it } from 'vitest'
import {
  clear,
  extendTo,
  findByTyping,
  moveTo,
  NOTHING_SELECTED,
  selectAll,
  toggle,
} from '#components/objects/grid-selection.ts'

const rows = ['album', 'beta', 'bravo', 'charlie', 'delta'].map((name) => ({ id: `object:${name}`, name }))
const names = (selected: ReadonlySet<string>) => [...selected].map((id) => id.slice('object:'.length))

describe('grid selection', () => {
  it('moves without selecting, and stays inside the list', () => {
    expect(moveTo(NOTHING_SELECTED, rows, 2)).toMatchObject({ active: 2, anchor: 2 })
    expect(moveTo(NOTHING_SELECTED, rows, -3).active).toBe(0)
    expect(moveTo(NOTHING_SELECTED, rows, 99).active).toBe(4)
    expect(moveTo(NOTHING_SELECTED, rows, 2).selected.size).toBe(0)
  })

  it('selects the range between the anchor and where Shift leads, in both directions', () => {
    const anchored = moveTo(NOTHING_SELECTED, rows, 2)
    const down = extendTo(anchored, rows, 4)
    expect(names(down.selected)).toEqual(['bravo', 'charlie', 'delta'])
    const up = extendTo(down, rows, 1)
    expect(names(up.selected)).toEqual(['beta', 'bravo'])
    expect(up.anchor).toBe(2)
  })

  it('toggles single rows and begins a range there', () => {
    const one = toggle(toggle(NOTHING_SELECTED, rows, 0), rows, 3)
    expect(names(one.selected)).toEqual(['album', 'charlie'])
    expect(names(toggle(one, rows, 0).selected)).toEqual(['charlie'])
    expect(names(extendTo(one, rows, 4).selected)).toEqual(['charlie', 'delta'])
  })

  it('selects all that is loaded, and nothing again', () => {
    const all = selectAll(NOTHING_SELECTED, rows)
    expect(all.selected.size).toBe(5)
    expect(clear(all).selected.size).toBe(0)
  })
})

describe('findByTyping', () => {
  it('steps through the names of one letter and around the end', () => {
    expect(findByTyping(rows, 0, 'b')).toBe(1)
    expect(findByTyping(rows, 1, 'b')).toBe(2)
    expect(findByTyping(rows, 2, 'b')).toBe(1)
  })

  it('stays on the row while more of its name is typed', () => {
    expect(findByTyping(rows, 2, 'br')).toBe(2)
    expect(findByTyping(rows, 1, 'BR')).toBe(2)
  })

  it('answers null when no name starts so', () => {
    expect(findByTyping(rows, 0, 'zz')).toBeNull()
    expect(findByTyping([], 0, 'a')).toBeNull()
  })
})
