/**
 * Where the pool put a blob, in its own notation: `s1.<node>.<segment>.<record offset>.<head bytes>.<payload bytes>` in a
 * segment file, `f1.<node>.<payload bytes>` in a stripe file. Kept in Postgres: a new meaning gets a new first word.
 */
export type Locator = SegmentLocator | StripeLocator

export interface SegmentLocator {
  kind: 'segment'
  nodeId: string
  segmentId: string
  recordOffset: number
  headBytes: number
  payloadBytes: number
}

export interface StripeLocator {
  kind: 'stripe'
  nodeId: string
  payloadBytes: number
}

const SEGMENT = /^s1\.([0-9a-f]{16})\.([0-9a-f]{24})\.(\d{1,10})\.(\d{1,7})\.(\d{1,10})$/
const STRIPE = /^f1\.([0-9a-f]{16})\.(\d{1,16})$/

export function formatLocator(locator: Locator): string {
  if (locator.kind === 'stripe') return `f1.${locator.nodeId}.${locator.payloadBytes}`
  const { nodeId, segmentId, recordOffset, headBytes, payloadBytes } = locator
  return `s1.${nodeId}.${segmentId}.${recordOffset}.${headBytes}.${payloadBytes}`
}

/** Throws TypeError on anything that formatLocator does not make. */
export function parseLocator(text: string): Locator {
  const segment = SEGMENT.exec(text)
  if (segment !== null) {
    const [, nodeId = '', segmentId = '', recordOffset, headBytes, payloadBytes] = segment
    return {
      kind: 'segment',
      nodeId,
      segmentId,
      recordOffset: Number(recordOffset),
      headBytes: Number(headBytes),
      payloadBytes: Number(payloadBytes),
    }
  }
  const stripe = STRIPE.exec(text)
  if (stripe === null) throw new TypeError(`Not a locator of the pool: ${text.slice(0, 200)}`)
  return { kind: 'stripe', nodeId: stripe[1] ?? '', payloadBytes: Number(stripe[2]) }
}
