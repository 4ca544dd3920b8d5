import { type FileSystem, operatingSystem } from '#storage-engine/blobs/pool/file-system.ts'
import { describeFullness, usedPercentOf } from '#storage-engine/blobs/pool/node-space.ts'
import type { Config } from '#storage-engine/config.ts'

/** So near to the limit an operator should know before clients do. */
const NEAR_POINTS = 2

/**
 * A sentence for each node that is so full that it takes no writes, or soon will not: which, how full, what to do. Empty
 * while all have room. Rejects with the system's error when a node is not there.
 */
export async function findFullNodes(
  { nodes, nodeFullPercent: fullPercent }: Pick<Config, 'nodes' | 'nodeFullPercent'>,
  { space }: Pick<FileSystem, 'space'> = operatingSystem,
): Promise<string[]> {
  const found = await Promise.all(nodes.map(async (path) => ({ path, usedPercent: usedPercentOf(await space(path)) })))
  const remedy = fullPercent === 100 ? 'make room' : 'make room, or raise it'
  return found
    .filter(({ usedPercent }) => usedPercent >= fullPercent - NEAR_POINTS)
    .map((node) => `${describeFullness({ ...node, fullPercent })}: ${remedy}`)
}
