import type { OpenTarget } from '#e2e/fuzz/fuzz-target.ts'
import { openGatewayTarget } from '#e2e/fuzz/targets/gateway-target.ts'
import { PARSER_TARGETS } from '#e2e/fuzz/targets/parser-targets.ts'
import { openPoolTarget } from '#e2e/fuzz/targets/pool-target.ts'
import { startTestGateway } from '#storage-engine/testing/start-test-gateway.ts'

/** Those that need files or a gateway; the gateway needs the test's Postgres besides. */
const OPENERS: Record<string, () => Promise<OpenTarget>> = {
  'pool-segment': () => openPoolTarget('segment'),
  'pool-stripe': () => openPoolTarget('stripe'),
  async gateway() {
    const gateway = await startTestGateway()
    return { ...(await openGatewayTarget(gateway)), close: () => gateway.stop() }
  },
}

export const TARGET_NAMES = [...PARSER_TARGETS.map(({ name }) => name), ...Object.keys(OPENERS)]

/** Throws for a name that is not among TARGET_NAMES. */
export async function openTarget(name: string): Promise<OpenTarget> {
  const target = PARSER_TARGETS.find((candidate) => candidate.name === name)
  if (target !== undefined) return target
  const open = OPENERS[name]
  if (open === undefined) throw new Error(`There is no fuzz target ${name}: ${TARGET_NAMES.join(', ')}`)
  return open()
}
