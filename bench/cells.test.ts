import { describe, expect, it } from 'vitest'
import { allCells, largeSizesOf, nameOf, parseCells, quickCells } from '#bench/cells.ts'
import { committedOf } from '#bench/committed.ts'

describe('cells', () => {
  it('are read from operation, size and clients', () => {
    expect(parseCells('put:4k:64, get:1m:16,list/:1000:1')).toEqual([
      { operation: 'PUT', size: 4096, clients: 64 },
      { operation: 'GET', size: 1 << 20, clients: 16 },
      { operation: 'LIST', size: 1000, clients: 1, delimiter: true },
    ])
  })

  it.each(['put', 'put:4k', 'post:4k:1', 'put/:4k:1', 'put:4t:1', 'put:-4:1', ''])('are refused as %j', (text) => {
    expect(() => parseCells(text)).toThrow(/no cell/)
  })

  it('are large from a mebibyte on', () => {
    expect(largeSizesOf(parseCells('put:64k:1,put:1m:1,get:1m:16,multipart:1g:8,list:2000000:1'))).toEqual([
      1 << 20,
      1 << 30,
    ])
  })

  it('have names that tell them apart', () => {
    for (const cells of [allCells(), quickCells()]) {
      expect(new Set(cells.map(nameOf)).size).toBe(cells.length)
    }
    expect(nameOf({ operation: 'LIST', size: 1000, clients: 1, delimiter: true })).toBe('LIST 1000 by / × 1')
  })
})

describe('commitments', () => {
  it('hold for the sizes and client counts that they name', () => {
    expect(committedOf({ operation: 'PUT', size: 4096, clients: 64 })?.text).toBe('12,000/s')
    expect(committedOf({ operation: 'PUT', size: 4096, clients: 1 })?.text).toBe('p50 1.2 ms')
    expect(committedOf({ operation: 'PUT', size: 4096, clients: 16 })).toBeNull()
    expect(committedOf({ operation: 'LIST', size: 1000, clients: 16, delimiter: true })).toBeNull()
  })

  it('compare more is better for rates and less is better for latencies', () => {
    const measured = { perSecond: 6_000, bytesPerSecond: 700e6, p50Ms: 0.6 }
    expect(committedOf({ operation: 'PUT', size: 4096, clients: 64 })?.ratioOf(measured)).toBe(0.5)
    expect(committedOf({ operation: 'PUT', size: 4096, clients: 1 })?.ratioOf(measured)).toBe(2)
    expect(committedOf({ operation: 'PUT', size: 1 << 20, clients: 16 })?.ratioOf(measured)).toBe(2)
  })

  it('are all measured by a quick run', () => {
    const texts = new Set(quickCells().map((cell) => `${cell.operation} ${committedOf(cell)?.text}`))
    const all = new Set(allCells().flatMap((cell) => `${cell.operation} ${committedOf(cell)?.text}`))
    const missing = [...all].filter((text) => !text.endsWith('undefined') && !texts.has(text))
    expect(missing).toEqual([])
  })
})
