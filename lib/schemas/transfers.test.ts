import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CRC32C_HEADER, objectDataUrl, uploadDataUrl } from '#lib/schemas/transfers.ts'
import * as engineSide from '#storage-engine/transfers/claimed-checksum.ts'
import { parseTransferTarget } from '#storage-engine/transfers/transfer-target.ts'

const ADDRESS = { namespace: 'acme', bucket: 'my.bucket' }
const keys = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 100 })
  .filter((key) => key.isWellFormed() && !key.includes('\0'))

test('spells targets that the server reads as they were meant, whatever the key', () => {
  fc.assert(
    fc.property(keys, (key) => {
      const address = { ...ADDRESS, key }
      const resourceOf = (url: string) => {
        const { resource, query: _, ...read } = parseTransferTarget(url)
        expect(read).toEqual(address)
        return resource
      }
      expect(resourceOf(objectDataUrl(address))).toBe('object')
      expect(resourceOf(uploadDataUrl(address))).toBe('uploads')
      expect(resourceOf(uploadDataUrl(address, { uploadId: 'u' }))).toBe('uploads/u')
      expect(resourceOf(uploadDataUrl(address, { uploadId: 'u', part: 7 }))).toBe('uploads/u/parts/7')
      expect(resourceOf(uploadDataUrl(address, { uploadId: 'u', complete: true }))).toBe('uploads/u/complete')
    }),
  )
})

test('asks for a disposition in a parameter of its own', () => {
  const url = objectDataUrl({ ...ADDRESS, key: 'a&disposition=attachment' }, 'inline')
  expect(parseTransferTarget(url).query).toEqual(new Map([['disposition', 'inline']]))
})

test('calls the checksum header as the server does', () => {
  expect(CRC32C_HEADER).toBe(engineSide.CRC32C_HEADER)
})
