import type { HistoryEvent, Listing, Read, Violation } from '#e2e/chaos/history.ts'
import { certainEnd, checkRegister, type RegisterOp } from '#e2e/chaos/linearizability.ts'

/** Every breach of I1–I7 and I18 (durability.md §4) that a history of S3 calls shows; empty when there is none. */
export function checkHistory(events: HistoryEvent[]): Violation[] {
  const readable = events.filter((event) => !(event.kind === 'read' && event.damaged !== undefined))
  return [
    ...events.flatMap(checkDamage),
    ...checkRegisters(readable),
    ...events.flatMap(checkListingOrder),
    ...events.flatMap(checkUploadEnd),
    ...events.flatMap(checkCreateRace),
    ...events.flatMap(checkSettled),
  ]
}

function checkDamage(event: HistoryEvent): Violation[] {
  if (event.kind !== 'read' || event.damaged === undefined) return []
  return [{ invariant: 'I2', key: event.key, reason: `a clean answer carried ${event.damaged}` }]
}

/** I1, I3, I4 and I5 are one question asked of each key: is what was read explained by what was written? */
function checkRegisters(events: HistoryEvent[]): Violation[] {
  const registers = new Map<string, RegisterOp[]>()
  for (const event of events) {
    if (event.kind !== 'write' && event.kind !== 'delete' && event.kind !== 'read') continue
    const op = registerOp(event)
    const ops = registers.get(event.key) ?? []
    if (op !== null) ops.push(op)
    registers.set(event.key, ops)
  }
  const violations: Violation[] = []
  for (const listing of events) {
    if (listing.kind === 'listing') violations.push(...spreadListing(listing, registers))
  }
  for (const [key, ops] of registers) {
    const verdict = checkRegister(ops)
    if (!verdict.ok) violations.push(explain(key, ops, verdict.stuckAt))
  }
  return violations
}

function registerOp(event: Exclude<HistoryEvent, Listing> & { key: string }): RegisterOp | null {
  if (event.kind === 'read') return readOp(event)
  if (event.kind !== 'write' && event.kind !== 'delete') return null
  const end = certainEnd(event.outcome, event.end)
  if (end === null) return null
  const value = event.kind === 'write' ? event.value : null
  const onlyIfAbsent = event.kind === 'write' && event.onlyIfAbsent === true
  return { start: event.start, end, action: { type: 'write', value, onlyIfAbsent } }
}

function readOp({ start, end, observed }: Pick<Read, 'start' | 'end' | 'observed'>): RegisterOp {
  return { start, end, action: { type: 'read', value: observed } }
}

/** A listing reads every key at some moment while it ran, also those that it does not name. */
function spreadListing(listing: Listing, registers: Map<string, RegisterOp[]>): Violation[] {
  const listed = new Map(listing.entries)
  for (const [key, ops] of registers) {
    ops.push(readOp({ start: listing.start, end: listing.end, observed: listed.get(key) ?? null }))
  }
  const ghosts = [...listed.keys()].filter((key) => !registers.has(key))
  return ghosts.map((key) => ({ invariant: 'I4', key, reason: 'a listing names a key that nobody wrote' }))
}

function explain(key: string, ops: RegisterOp[], stuckAt: RegisterOp | null): Violation {
  if (stuckAt === null) return { invariant: 'I3', key, reason: 'the search for an explanation was given up' }
  const { action, start, end } = stuckAt
  const when = `between ${start.toFixed(0)} and ${end.toFixed(0)} ms`
  if (action.type === 'write') return { invariant: 'I3', key, reason: `a write ${when} fits nowhere` }
  if (action.value === null)
    return { invariant: 'I1', key, reason: `a read ${when} found nothing: an ok write is lost` }
  const source = ops.find((op) => op.action.type === 'write' && op.action.value === action.value)
  if (source === undefined)
    return { invariant: 'I2', key, reason: `a read ${when} found ${action.value}, never written here` }
  const deleted = ops.some(
    (op) => op.action.type === 'write' && op.action.value === null && op.start > source.end && op.end < start,
  )
  const reason = `a read ${when} found ${action.value}, which was ${deleted ? 'deleted' : 'not current'} then`
  return { invariant: deleted ? 'I5' : 'I3', key, reason }
}

function checkListingOrder(event: HistoryEvent): Violation[] {
  if (event.kind !== 'listing') return []
  const violations: Violation[] = []
  let previous: Buffer | null = null
  for (const [key] of event.entries) {
    const bytes = Buffer.from(key)
    if (previous !== null && Buffer.compare(previous, bytes) >= 0) {
      violations.push({ invariant: 'I4', key, reason: `listed after ${previous.toString()}: twice, or out of order` })
    }
    previous = bytes
  }
  return violations
}

function checkUploadEnd(event: HistoryEvent): Violation[] {
  if (event.kind !== 'upload-end') return []
  const { key, complete, abort, etags, expectedEtag } = event
  if (complete === 'ok' && abort === 'ok') {
    return [{ invariant: 'I6', key, reason: 'Complete and Abort of one upload both answered ok' }]
  }
  const wrong = etags.find((etag) => etag !== expectedEtag)
  if (wrong === undefined) return []
  return [{ invariant: 'I6', key, reason: `Complete answered ETag ${wrong}, the parts make ${expectedEtag}` }]
}

function checkCreateRace(event: HistoryEvent): Violation[] {
  if (event.kind !== 'create-race') return []
  const winners = event.outcomes.filter((outcome) => outcome === 'ok').length
  const unknown = event.outcomes.includes('maybe')
  if (winners === 1 || (winners === 0 && unknown)) return []
  return [{ invariant: 'I7', key: event.key, reason: `${winners} of ${event.outcomes.length} creations answered ok` }]
}

function checkSettled(event: HistoryEvent): Violation[] {
  if (event.kind !== 'settled' || event.outcome !== 'maybe') return []
  return [{ invariant: 'I18', key: event.call, reason: `failed after the faults ended: ${event.detail}` }]
}
