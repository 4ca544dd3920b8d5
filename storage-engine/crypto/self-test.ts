import { createCipheriv, createDecipheriv, createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { hkdfExpand } from '#storage-engine/crypto/hkdf.ts'
import { aesKeyUnwrap, aesKeyWrap } from '#storage-engine/crypto/key-wrap.ts'

interface KnownAnswer {
  name: string
  compute(): Buffer
  expected: string
}

/** 00 01 02 … 1f */
const counting = Buffer.from(Array.from({ length: 32 }, (_, index) => index))

/** The first vector of each: FIPS 180-4, RFC 4231, the GCM specification (case 14), RFC 3394 §4.6; two made with Python. */
const ANSWERS: KnownAnswer[] = [
  {
    name: 'SHA-256',
    compute: () => createHash('sha256').update('abc').digest(),
    expected: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  },
  {
    name: 'HMAC-SHA-384',
    compute: () => createHmac('sha384', Buffer.alloc(20, 0x0b)).update('Hi There').digest(),
    expected: 'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6',
  },
  {
    name: 'HKDF-Expand-SHA-384',
    compute: () => hkdfExpand(Buffer.alloc(32, 0x0b), [Buffer.from('sceau self test')], 32),
    expected: 'c010b3f026fb21890528b1647651626d36abee37d1ccccbde15ea462cd2dd082',
  },
  {
    name: 'PBKDF2-HMAC-SHA-512',
    compute: () => pbkdf2Sync('password for the self test', 'salt of 16 bytes', 1000, 32, 'sha512'),
    expected: '0dc67dc8490189c11161306d6533bff87dcd6c65e62923c76a942d3975aa7a93',
  },
  {
    name: 'AES-256-GCM',
    compute: () => sealGcm(Buffer.alloc(16)),
    expected: 'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919',
  },
  {
    name: 'AES-256 Key Wrap',
    compute: () =>
      aesKeyWrap(counting, Buffer.from('00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f', 'hex')),
    expected: '28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21',
  },
]

/** Whatever seals gives known answers and refuses forgeries. Throws an Error that names what does not. */
export function runSelfTest(answers: readonly KnownAnswer[] = ANSWERS): void {
  for (const { name, compute, expected } of answers) {
    if (compute().toString('hex') !== expected) throw new Error(`the self-test of ${name} failed`)
  }
  expectBroken('AES-256-GCM', () => openGcm(forge(sealGcm(Buffer.alloc(16)))))
  expectBroken('AES-256 Key Wrap', () => aesKeyUnwrap(counting, forge(aesKeyWrap(counting, counting))))
  if (randomBytes(32).equals(randomBytes(32))) throw new Error('the random generator repeats itself')
}

/** Under a key and a nonce of zeros, as in the vector: ciphertext ‖ tag. */
function sealGcm(plain: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', Buffer.alloc(32), Buffer.alloc(12))
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

function openGcm(sealed: Buffer): void {
  const decipher = createDecipheriv('aes-256-gcm', Buffer.alloc(32), Buffer.alloc(12), { authTagLength: 16 })
  decipher.setAuthTag(sealed.subarray(16))
  decipher.update(sealed.subarray(0, 16))
  decipher.final()
}

function forge(sealed: Buffer): Buffer {
  sealed[0] = (sealed[0] as number) ^ 1
  return sealed
}

function expectBroken(name: string, open: () => unknown): void {
  try {
    open()
  } catch {
    return
  }
  throw new Error(`${name} opens what was altered`)
}
