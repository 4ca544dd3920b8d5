import { expect, it } from 'vitest'
import { findFullNodes } from '#storage-engine/supervisor/full-nodes.ts'

/** Drives of a thousand bytes. */
function drives(usedBytes: Record<string, number>) {
  const space = async (path: string) => {
    const freeBytes = 1_000 - (usedBytes[path] ?? 0)
    return { totalBytes: 1_000, freeBytes, availableBytes: freeBytes }
  }
  return { space }
}

const find = (nodeFullPercent: number, usedBytes: Record<string, number>) =>
  findFullNodes({ nodes: Object.keys(usedBytes), nodeFullPercent }, drives(usedBytes))

it('names each node above the limit or within two points of it, how full it is, and the setting', async () => {
  expect(await find(95, { '/a': 962, '/b': 929, '/c': 930 })).toEqual([
    '/a is 96.2 % full, and takes no writes from 95 % on (SCEAU_NODE_FULL_PERCENT): make room, or raise it',
    '/c is 93.0 % full, and takes no writes from 95 % on (SCEAU_NODE_FULL_PERCENT): make room, or raise it',
  ])
})

it('follows the setting', async () => {
  expect(await find(98, { '/a': 959 })).toEqual([])
  expect(await find(60, { '/a': 590 })).toHaveLength(1)
})

it('speaks of a drive that is all but full even where only the system refuses', async () => {
  expect(await find(100, { '/a': 979 })).toEqual([])
  expect(await find(100, { '/a': 985 })).toEqual([
    '/a is 98.5 % full, and takes no writes from 100 % on (SCEAU_NODE_FULL_PERCENT): make room',
  ])
})

it('does not count what is reserved for root as room', async () => {
  const space = async () => ({ totalBytes: 1_000, freeBytes: 100, availableBytes: 50 })
  const [told] = await findFullNodes({ nodes: ['/a'], nodeFullPercent: 95 }, { space })
  expect(told).toContain('/a is 94.7 % full')
})
