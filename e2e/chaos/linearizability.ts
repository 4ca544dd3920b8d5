import type { Outcome } from '#e2e/s3-client.ts'

/** One operation on a register that starts empty (null). */
export interface RegisterOp {
  start: number
  /** Infinity for an operation whose outcome nobody knows: it may take effect at any later time, or never. */
  end: number
  action: { type: 'write'; value: string | null; onlyIfAbsent?: boolean } | { type: 'read'; value: string | null }
}

export type Verdict = { ok: true } | { ok: false; stuckAt: RegisterOp } | { ok: false; stuckAt: null }

const STATES_MAX = 2_000_000

/**
 * Whether some order of the operations, which keeps every op that ended before another one started in front of it,
 * explains every read: Wing and Gong's search with Lowe's memory of states already seen. `stuckAt` is an operation
 * that the longest explanation could not reach; null when the search was given up.
 */
export function checkRegister(unsorted: RegisterOp[]): Verdict {
  const ops = withoutIdleWrites(unsorted).sort((a, b) => a.start - b.start)
  const certainCount = ops.filter(({ end }) => end !== Number.POSITIVE_INFINITY).length
  const seen = new Set<string>()
  const stack: SearchState[] = [{ done: 0n, first: 0, value: null, certainDone: 0 }]
  let deepest: SearchState = { done: 0n, first: 0, value: null, certainDone: -1 }
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    if (state.certainDone === certainCount) return { ok: true }
    const mark = `${state.done.toString(36)}/${state.value}`
    if (seen.has(mark)) continue
    if (seen.size === STATES_MAX) return { ok: false, stuckAt: null }
    seen.add(mark)
    if (state.certainDone > deepest.certainDone) deepest = state
    stack.push(...nextStates(ops, state))
  }
  return { ok: false, stuckAt: earliestEnding(ops, deepest) }
}

/** A write of unknown outcome that nobody read may as well not have happened: leaving it out halves the search each time. */
function withoutIdleWrites(ops: RegisterOp[]): RegisterOp[] {
  const read = new Set(ops.filter(({ action }) => action.type === 'read').map(({ action }) => action.value))
  return ops.filter(({ end, action }) => end !== Number.POSITIVE_INFINITY || read.has(action.value))
}

interface SearchState {
  /** Bit i: ops[i] is in the explanation. */
  done: bigint
  /** Every op before this index is done. */
  first: number
  value: string | null
  certainDone: number
}

/**
 * A read that fits now is taken at once and alone: it changes nothing, so waiting cannot help it. Otherwise every write
 * that may come next is a branch, the earliest ending one on top of the stack.
 */
function nextStates(ops: RegisterOp[], state: SearchState): SearchState[] {
  const next: [end: number, state: SearchState][] = []
  let limit = Number.POSITIVE_INFINITY
  for (const index of undone(ops, state)) {
    const op = ops[index] as RegisterOp
    if (op.start > limit) break
    limit = Math.min(limit, op.end)
  }
  for (const index of undone(ops, state)) {
    const op = ops[index] as RegisterOp
    if (op.start > limit) break
    if (op.action.type === 'read') {
      if (op.action.value === state.value) return [take(ops, state, index)]
      continue
    }
    if (op.action.onlyIfAbsent && state.value !== null) continue
    next.push([op.end, take(ops, state, index)])
  }
  return next.sort(([a], [b]) => (a === b ? 0 : b - a)).map(([, branch]) => branch)
}

function take(ops: RegisterOp[], state: SearchState, index: number): SearchState {
  const op = ops[index] as RegisterOp
  const done = state.done | (1n << BigInt(index))
  let first = state.first
  while (first < ops.length && (done >> BigInt(first)) & 1n) first++
  return {
    done,
    first,
    value: op.action.type === 'write' ? op.action.value : state.value,
    certainDone: state.certainDone + (op.end === Number.POSITIVE_INFINITY ? 0 : 1),
  }
}

function* undone(ops: RegisterOp[], state: SearchState): Generator<number> {
  for (let index = state.first; index < ops.length; index++) {
    if (!((state.done >> BigInt(index)) & 1n)) yield index
  }
}

/** Reads first: a read that nothing explains says more than a write that waits behind it. */
function earliestEnding(ops: RegisterOp[], state: SearchState): RegisterOp | null {
  const left = [...undone(ops, state)].map((index) => ops[index] as RegisterOp)
  const limit = Math.min(...left.map(({ end }) => end))
  const candidates = left.filter((op) => op.start <= limit)
  return candidates.find(({ action }) => action.type === 'read') ?? candidates[0] ?? null
}

/** The end of an op by what its client may conclude; null for one that certainly did nothing. */
export function certainEnd(outcome: Outcome, end: number): number | null {
  if (outcome === 'no') return null
  return outcome === 'ok' ? end : Number.POSITIVE_INFINITY
}
