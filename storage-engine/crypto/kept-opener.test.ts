import { createSecretKey, randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { FLOE_HEADER_BYTES, sealWhole } from '#storage-engine/crypto/floe.ts'
import { openerFor } from '#storage-engine/crypto/kept-opener.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'

const PLAIN = Buffer.from('as it was')

function sealedMessage(key = createSecretKey(randomBytes(32)), aad = randomBytes(99)) {
  const sealed = sealWhole({ key, aad, plain: PLAIN })
  return { key, aad, header: sealed.subarray(0, FLOE_HEADER_BYTES), segment: sealed.subarray(FLOE_HEADER_BYTES) }
}

it('opens a message again without deriving its keys', () => {
  const { segment, ...message } = sealedMessage()
  const opener = openerFor(message)
  expect(openerFor(message)).toBe(opener)
  expect(opener.openSegment(0, segment, true)).toEqual(PLAIN)
})

it('opens what it was given, though header and place are overwritten afterwards', () => {
  const { segment, ...message } = sealedMessage()
  const given = { ...message, header: Buffer.from(message.header), aad: Buffer.from(message.aad) }
  const opener = openerFor(given)
  given.header.fill(0)
  given.aad.fill(0)
  expect(openerFor(message)).toBe(opener)
  expect(opener.openSegment(0, segment, true)).toEqual(PLAIN)
})

it('believes no other header, place or key than the ones it has opened', () => {
  const { segment: _, ...message } = sealedMessage()
  openerFor(message)
  for (let at = 0; at < FLOE_HEADER_BYTES; at++) {
    const header = Buffer.from(message.header)
    header[at] = (header[at] as number) ^ 1
    expect(() => openerFor({ ...message, header })).toThrow(SealBrokenError)
  }
  expect(() => openerFor({ ...message, aad: randomBytes(99) })).toThrow(SealBrokenError)
  expect(() => openerFor({ ...message, key: createSecretKey(randomBytes(32)) })).toThrow(SealBrokenError)
  openerFor(message)
})

it('tells the messages of one key apart, as those of parts', () => {
  const first = sealedMessage()
  const second = sealedMessage(first.key, randomBytes(99))
  for (const { segment, ...message } of [first, second, first]) {
    expect(openerFor(message).openSegment(0, segment, true)).toEqual(PLAIN)
  }
})
