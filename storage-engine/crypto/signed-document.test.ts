import { createPublicKey, verify } from 'node:crypto'
import { expect, it } from 'vitest'
import { createSigningKey, signDocument, signingKeyId, verifyDocument } from '#storage-engine/crypto/signed-document.ts'

/** RFC 8032 §7.1, TEST 2. */
const SEED = Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex')
const PUBLIC_KEY = Buffer.from('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', 'hex')
const CONTENT = { format: 'test-1', name: 'été', counts: [1, 2, { deep: null }], isTrue: true }

const rfcKey = () => ({ publicKey: PUBLIC_KEY, seed: Buffer.from(SEED) })

it('signs the canonical bytes of the whole document, the name of its key included', () => {
  const { signature } = signDocument(rfcKey(), CONTENT)
  expect(signature).toMatchObject({
    algorithm: 'Ed25519',
    keyId: signingKeyId(PUBLIC_KEY),
    publicKey: PUBLIC_KEY.toString('base64'),
  })
  const { keyId, publicKey, value } = signature
  const signed = `{"counts":[1,2,{"deep":null}],"format":"test-1","isTrue":true,"name":"été","signature":{"algorithm":"Ed25519","keyId":"${keyId}","publicKey":"${publicKey}"}}`
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), PUBLIC_KEY])
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  expect(verify(null, Buffer.from(signed), key, Buffer.from(value, 'base64'))).toBe(true)
})

it('verifies however the JSON is laid out, and for a trusted key', () => {
  const document = signDocument(rfcKey(), CONTENT)
  const turned = Object.fromEntries(Object.entries(document).reverse())
  expect(verifyDocument(JSON.parse(JSON.stringify(turned, null, 3)))).toBe(true)
  expect(verifyDocument(document, { publicKey: PUBLIC_KEY })).toBe(true)
})

it('does not verify for another trusted key than the one that signed', () => {
  const { publicKey } = createSigningKey()
  expect(verifyDocument(signDocument(rfcKey(), CONTENT), { publicKey })).toBe(false)
})

it('does not verify with any change of content or signature', () => {
  const document = signDocument(rfcKey(), CONTENT)
  const other = signDocument(createSigningKey(), CONTENT)
  const { signature } = document
  const forged: unknown[] = [
    { ...document, name: 'ete' },
    { ...document, more: 1 },
    { ...document, counts: [1, 2] },
    { ...document, counts: [1, 2, { deep: null }, 1.5] },
    { format: document.format, signature },
    { ...document, signature: { ...signature, value: other.signature.value } },
    { ...document, signature: { ...signature, publicKey: other.signature.publicKey } },
    { ...document, signature: { ...signature, publicKey: other.signature.publicKey, keyId: other.signature.keyId } },
    { ...document, signature: { ...signature, keyId: other.signature.keyId } },
    { ...document, signature: { ...signature, algorithm: 'none' } },
    { ...document, signature: { ...signature, more: '' } },
    { ...document, signature: { ...signature, value: `${signature.value} ` } },
    { ...document, signature: { ...signature, value: '' } },
    { ...document, signature: null },
    CONTENT,
    null,
    'text',
    [],
  ]
  for (const each of forged) expect(verifyDocument(each), JSON.stringify(each)).toBe(false)
  expect(verifyDocument(other)).toBe(true)
})

it('wipes the seed once it has signed', () => {
  const key = rfcKey()
  signDocument(key, CONTENT)
  expect(key.seed.equals(Buffer.alloc(32))).toBe(true)
})
