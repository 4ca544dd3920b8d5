import fc from 'fast-check'
import { expect, test } from 'vitest'
import { brokenBucketNameRules } from '#lib/schemas/bucket-name.ts'
import { checkBucketName } from '#storage-engine/buckets/bucket-name.ts'

function isAcceptedByEngine(name: string): boolean {
  try {
    checkBucketName(name, { relaxed: false })
    return true
  } catch {
    return false
  }
}

test.each([
  ['ab', 'length'],
  ['a'.repeat(64), 'length'],
  ['My-bucket', 'characters'],
  ['bucket_one', 'characters'],
  ['-bucket', 'ends'],
  ['bucket.', 'ends'],
  ['a..b', 'dots'],
  ['a.-b', 'dots'],
  ['192.168.5.4', 'address'],
  ['xn--bucket', 'reserved'],
  ['bucket--x-s3', 'reserved'],
])('says which rule %s breaks', (name, rule) => {
  expect(brokenBucketNameRules(name)).toContain(rule)
})

test('accepts exactly the names that the engine accepts', () => {
  const fragment = fc.constantFrom(
    'a',
    'z9',
    '0',
    '-',
    '.',
    '_',
    'A',
    'é',
    '192.168.5.4',
    '1.2.3.300',
    'xn--',
    '-s3alias',
    'sthree-',
  )
  const names = fc.array(fragment, { maxLength: 8 }).map((fragments) => fragments.join(''))
  fc.assert(
    fc.property(names, (name) => {
      expect(brokenBucketNameRules(name).length === 0).toBe(isAcceptedByEngine(name))
    }),
    { numRuns: 2000 },
  )
})
