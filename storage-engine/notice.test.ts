import { expect, test } from 'vitest'
import { englishOf, type Notice, readNotice, storeNotice } from '#storage-engine/notice.ts'

const UNREADABLE: Notice = { code: 'blobs-unreadable', values: { count: 3 } }

test('what is stored comes back with the English of it', () => {
  expect(readNotice(storeNotice(UNREADABLE))).toEqual({
    message: '3 blobs could not be read and stay as they are. The log names them.',
    notice: UNREADABLE,
  })
  expect(readNotice(storeNotice(null))).toEqual({ message: null, notice: null })
})

test.each([
  'One blob could not be read and stay as they are. The log names them.',
  '{ is how this sentence of an old row begins',
  '{"code":"of-a-later-release","values":{}}',
  '{"code":"blobs-unreadable","values":null}',
  '{"code":"toString","values":{}}',
])('%s, which no notice is, stays readable as it is', (stored) => {
  expect(readNotice(stored)).toEqual({ message: stored, notice: null })
})

test('one is told as one', () => {
  expect(englishOf({ code: 'keys-unreadable', values: { count: 1 } })).toBe(
    'One key does not open, and stays as it is.',
  )
  expect(englishOf({ code: 'version-in-use', values: { version: 2, count: 1 } })).toMatch(/^One key is wrapped/)
})
