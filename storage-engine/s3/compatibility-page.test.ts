import { expect, test } from 'vitest'
import { NOTES } from '#storage-engine/s3/compatibility-notes.ts'
import { compatibilityPage } from '#storage-engine/s3/compatibility-page.ts'
import { OPERATIONS } from '#storage-engine/s3/operation-table.ts'

test('each note is about an operation that there is', () => {
  const names = OPERATIONS.map(({ name }) => name)
  expect(Object.keys(NOTES).filter((name) => !names.includes(name))).toEqual([])
})

test('each line of a table has the cells of its head', () => {
  const tables = compatibilityPage()
    .split('\n\n')
    .map((block) => block.split('\n').filter((line) => line.startsWith('| ')))
  const widths = tables
    .filter(({ length }) => length > 0)
    .map((lines) => new Set(lines.map((line) => line.split(' | ').length)))
  expect(widths.map(({ size }) => size)).toEqual([1, 1, 1])
})
