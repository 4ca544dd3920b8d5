import { expect, it } from 'vitest'
import { blobAad } from '#storage-engine/crypto/blob-aad.ts'

const place = {
  clusterId: '00000000-0000-7000-8000-000000000001',
  namespaceId: '00000000-0000-7000-8000-000000000002',
  bucketId: '00000000-0000-7000-8000-000000000003',
  versionId: '00000000-0000-7000-8000-000000000004',
  blobId: 'fFffffff-ffff-7fff-bfff-ffffffffffff',
  partNumber: 10_000,
  kind: 0,
}

it('has the bytes of docs/formats/blob.md', () => {
  const ids = [1, 2, 3, 4].map((id) => `00000000000070008000${id.toString(16).padStart(12, '0')}`).join('')
  const expected = `${Buffer.from('sceau-dare/v1\0').toString('hex')}${ids}ffffffffffff7fffbfffffffffffffff0000271000`
  expect(blobAad(place).toString('hex')).toBe(expected)
})

it('changes with every field', () => {
  const other = '11111111-1111-7111-8111-111111111111'
  const changes = [
    ...(['clusterId', 'namespaceId', 'bucketId', 'versionId', 'blobId'] as const).map((name) => ({ [name]: other })),
    { partNumber: 1 },
    { kind: 1 },
  ]
  const all = [{}, ...changes].map((change) => blobAad({ ...place, ...change }).toString('hex'))
  expect(new Set(all).size).toBe(8)
})

it.each([
  '',
  'null',
  '0000000000007000800000000000000001',
  '00000000-0000-7000-8000-00000000000g',
  '00000000-0000-7000-8000-00000000000\u0011',
  '00000000-0000-7000-8000-00000000000\u0131',
  '00000000x0000-7000-8000-000000000001',
  '0000000-00000-7000-8000-000000000001',
])('refuses to bind %j, which is no UUID', (bucketId) =>
  expect(() => blobAad({ ...place, bucketId })).toThrow(RangeError),
)

it('refuses numbers that do not fit', () => {
  expect(() => blobAad({ ...place, partNumber: -1 })).toThrow(RangeError)
  expect(() => blobAad({ ...place, kind: 256 })).toThrow(RangeError)
})
