import { expect, test } from 'vitest'
import { readCorpus } from '#e2e/fuzz/corpus.ts'
import { describeFinding, type FuzzTarget, fuzzTarget } from '#e2e/fuzz/fuzz-target.ts'
import { openTarget, TARGET_NAMES } from '#e2e/fuzz/open-target.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** C2 of docs/security.md: a short run of each fuzz target, the same each time; `npm run fuzz` goes on from there. */

const RUNS_OF_A_PARSER = 1_000
/** Where a run takes longer. */
const RUNS: Record<string, number> = { 'pool-segment': 100, 'pool-stripe': 100, gateway: 300 }

test.each(TARGET_NAMES)('%s holds against what is made of good inputs and of bad ones of old', async (name) => {
  const target = await openTarget(name)
  try {
    const runsMax = RUNS[name] ?? RUNS_OF_A_PARSER
    const finding = await fuzzTarget(target, { seed: 1, goesOn: (runs) => runs < runsMax, corpus: readCorpus(name) })
    if (finding !== null) throw new Error(describeFinding(finding), { cause: finding.error })
  } finally {
    await target.close?.()
  }
})

test('finds what breaks a target, and makes it small', async () => {
  const fragile: FuzzTarget = {
    name: 'fragile',
    seeds: ['a long enough input with x in it'],
    run(input) {
      if (input.includes('%00')) throw new TypeError('broken')
    },
  }
  const finding = await fuzzTarget(fragile, { seed: 1, goesOn: (runs) => runs < 100_000, corpus: [] })
  expect([finding?.input.toString(), finding?.error]).toEqual(['%00', new TypeError('broken')])
})

test.each([
  ['an error of ours', () => new StorageError('InternalError')],
  ['anything that is no StorageError', () => new RangeError('x')],
])('takes %s for a finding', async (_name, makeError) => {
  const run = () => {
    throw makeError()
  }
  const finding = await fuzzTarget({ name: 'x', seeds: ['a'], run }, { seed: 1, goesOn: () => false, corpus: [] })
  expect(finding?.error).toEqual(makeError())
})

test('takes a changed prototype for a finding', async () => {
  const run = () => Object.defineProperty(Object.prototype, 'polluted', { value: 1, configurable: true })
  const finding = await fuzzTarget({ name: 'x', seeds: ['a'], run }, { seed: 1, goesOn: () => false, corpus: [] })
  Reflect.deleteProperty(Object.prototype, 'polluted')
  expect(finding?.error).toEqual(new Error('A prototype was changed.'))
})

test('no two targets have one name, as files of the corpus are named by it', () => {
  expect(new Set(TARGET_NAMES).size).toBe(TARGET_NAMES.length)
})
