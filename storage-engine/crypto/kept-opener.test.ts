import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { type BlobPlace, blobAad } from '#storage-engine/crypto/blob-aad.ts'
import { FLOE_HEADER_BYTES, sealWhole } from '#storage-engine/crypto/floe.ts'
import { forgetOpeners, openerFor } from '#storage-engine/crypto/kept-opener.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'

const PLAIN = Buffer.from('as it was')

function newPlace(): BlobPlace {
  const [clusterId, namespaceId, bucketId, versionId, blobId] = Array.from({ length: 5 }, () => randomUUID())
  return { clusterId, namespaceId, bucketId, versionId, blobId, partNumber: 1, kind: 0 } as BlobPlace
}

function sealedMessage(key = createSecretKey(randomBytes(32)), place = newPlace()) {
  const sealed = sealWhole({ key, aad: blobAad(place), plain: PLAIN })
  return { key, place, header: sealed.subarray(0, FLOE_HEADER_BYTES), segment: sealed.subarray(FLOE_HEADER_BYTES) }
}

it('opens a message again without deriving its keys', () => {
  const { segment, ...message } = sealedMessage()
  const opener = openerFor(message)
  expect(openerFor({ ...message, place: { ...message.place } })).toBe(opener)
  expect(opener.openSegment(0, segment, true)).toEqual(PLAIN)
})

it('opens what it was given, though header and place are overwritten afterwards', () => {
  const { segment, ...message } = sealedMessage()
  const given = { ...message, header: Buffer.from(message.header), place: { ...message.place } }
  const opener = openerFor(given)
  given.header.fill(0)
  Object.assign(given.place, newPlace())
  expect(openerFor(message)).toBe(opener)
  expect(opener.openSegment(0, segment, true)).toEqual(PLAIN)
})

it('believes no other header, place or key than the ones it has opened', () => {
  const { segment: _, ...message } = sealedMessage()
  const { place } = message
  openerFor(message)
  for (let at = 0; at < FLOE_HEADER_BYTES; at++) {
    const header = Buffer.from(message.header)
    header[at] = (header[at] as number) ^ 1
    expect(() => openerFor({ ...message, header })).toThrow(SealBrokenError)
  }
  const others = { ...newPlace(), partNumber: 2, kind: 1 }
  for (const name of Object.keys(place) as (keyof BlobPlace)[]) {
    const moved = { ...place, [name]: others[name] }
    expect(() => openerFor({ ...message, place: moved }), name).toThrow(SealBrokenError)
  }
  expect(() => openerFor({ ...message, key: createSecretKey(randomBytes(32)) })).toThrow(SealBrokenError)
  openerFor(message)
})

it('tells the messages of one key apart, as those of parts and of objects that share it', () => {
  const first = sealedMessage()
  const second = sealedMessage(first.key)
  for (const { segment, ...message } of [first, second, first]) {
    expect(openerFor(message).openSegment(0, segment, true)).toEqual(PLAIN)
  }
})

it('keeps nothing that is to be forgotten', () => {
  const { segment: _, ...message } = sealedMessage()
  const opener = openerFor(message)
  forgetOpeners()
  expect(openerFor(message)).not.toBe(opener)
})
