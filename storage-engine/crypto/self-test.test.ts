import { expect, it } from 'vitest'
import { runSelfTest } from '#storage-engine/crypto/self-test.ts'

it('passes', () => {
  expect(() => runSelfTest()).not.toThrow()
})

it('names what gives another answer than the known one, or none', () => {
  const wrong = { name: 'SHA-1', compute: () => Buffer.alloc(20), expected: 'ff'.repeat(20) }
  expect(() => runSelfTest([wrong])).toThrow('the self-test of SHA-1 failed')
  const missing = {
    ...wrong,
    compute: () => {
      throw new Error('unsupported')
    },
  }
  expect(() => runSelfTest([missing])).toThrow('unsupported')
})
