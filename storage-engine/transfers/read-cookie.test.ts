import { expect, test } from 'vitest'
import { readCookie } from '#storage-engine/transfers/read-cookie.ts'

test('finds a cookie among others', () => {
  expect(readCookie('a=1; __Host-s=abc; b=2', '__Host-s')).toBe('abc')
})

test.each([undefined, '', 'a=1', 'x__Host-s=1', '__Host-s', '__Host-s=1; __Host-s=2'])('finds none in %s', (header) => {
  expect(readCookie(header, '__Host-s')).toBeNull()
})
