import { describe, expect, it } from 'vitest'
import { StorageError } from '#storage-engine/errors.ts'
import { bytesArray, jsonArray, plainArray, textArray } from '#storage-engine/metadata/array-literal.ts'
import { Batcher } from '#storage-engine/metadata/batcher.ts'

/** Lanes that record their groups and finish when told. */
function recorder(laneCount = 1) {
  const groups: string[][] = []
  const releases: (() => void)[] = []
  const lane = (items: string[]): Promise<string[]> => {
    groups.push(items)
    return new Promise((resolve) => releases.push(() => resolve(items.map((item) => item.toUpperCase()))))
  }
  return { groups, releases, lanes: Array.from({ length: laneCount }, () => lane) }
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

describe('Batcher', () => {
  it('groups what arrives while the lane is busy, and answers each item', async () => {
    const { groups, releases, lanes } = recorder()
    const batcher = new Batcher({ lanes, rowsMax: 10, waitingMax: 100 })
    const first = batcher.submit('a')
    await settle()
    const others = ['b', 'c', 'd'].map((item) => batcher.submit(item))
    await settle()
    expect(groups).toEqual([['a']])
    releases[0]?.()
    await settle()
    releases[1]?.()
    expect(await Promise.all([first, ...others])).toEqual(['A', 'B', 'C', 'D'])
    expect(groups).toEqual([['a'], ['b', 'c', 'd']])
  })

  it('keeps two items of one key out of the same group, in order', async () => {
    const { groups, releases, lanes } = recorder()
    const batcher = new Batcher({ lanes, rowsMax: 10, waitingMax: 100, keyOf: (item) => item[0] as string })
    const answers = ['a1', 'b1', 'a2', 'a3'].map((item) => batcher.submit(item))
    for (let turn = 0; turn < 3; turn++) {
      await settle()
      releases[turn]?.()
    }
    expect(await Promise.all(answers)).toEqual(['A1', 'B1', 'A2', 'A3'])
    expect(groups).toEqual([['a1', 'b1'], ['a2'], ['a3']])
  })

  it('uses every lane, and no group grows beyond its limit', async () => {
    const { groups, releases, lanes } = recorder(2)
    const batcher = new Batcher({ lanes, rowsMax: 2, waitingMax: 100 })
    const answers = ['a', 'b', 'c', 'd', 'e'].map((item) => batcher.submit(item))
    await settle()
    expect(groups).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
    releases[1]?.()
    await settle()
    expect(groups).toEqual([['a', 'b'], ['c', 'd'], ['e']])
    for (const release of releases) release()
    await Promise.all(answers)
  })

  it('refuses with SlowDown what would wait beyond the limit', async () => {
    const { releases, lanes } = recorder()
    const batcher = new Batcher({ lanes, rowsMax: 1, waitingMax: 2 })
    const accepted = [batcher.submit('a'), batcher.submit('b')]
    await expect(batcher.submit('c')).rejects.toMatchObject({ code: 'SlowDown' })
    await settle()
    releases[0]?.()
    await settle()
    releases[1]?.()
    expect(await Promise.all(accepted)).toEqual(['A', 'B'])
  })

  it('repeats a failed group one by one, so that only the culprit fails', async () => {
    const calls: string[][] = []
    const lane = async (items: string[]): Promise<string[]> => {
      calls.push(items)
      if (items.includes('bad')) throw new Error('refused')
      return items
    }
    const batcher = new Batcher({ lanes: [lane], rowsMax: 10, waitingMax: 10 })
    const results = await Promise.allSettled(['a', 'bad', 'b'].map((item) => batcher.submit(item)))
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(calls).toEqual([['a', 'bad', 'b'], ['a'], ['bad'], ['b']])
  })

  it('repeats nothing when the outcome is unknown', async () => {
    let calls = 0
    const lane = async (): Promise<string[]> => {
      calls++
      throw new StorageError('ServiceUnavailable')
    }
    const batcher = new Batcher({ lanes: [lane], rowsMax: 10, waitingMax: 10 })
    const results = await Promise.allSettled(['a', 'b'].map((item) => batcher.submit(item)))
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(calls).toBe(1)
  })
})

describe('array literals', () => {
  it('are spelled as Postgres reads them', () => {
    expect(plainArray([1, null, 'x'])).toBe('{1,NULL,x}')
    expect(textArray(['', 'null', 'a"b', 'c\\d', null])).toBe('{"","null","a\\"b","c\\\\d",NULL}')
    expect(jsonArray([{ a: 'b"' }, null])).toBe('{"{\\"a\\":\\"b\\\\\\"\\"}",NULL}')
    expect(bytesArray([Buffer.from([1, 255]), null])).toBe('{"\\\\x01ff",NULL}')
  })
})
