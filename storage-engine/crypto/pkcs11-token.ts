import { readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'

/** Where a root key is in a PKCS#11 token. */
export interface Pkcs11Place {
  /** The vendor's library. */
  module: string
  /** Label of the token. */
  token: string
  /** Label of the key, the same for all its versions; CKA_ID is the version. */
  key: string
  pinFile: string
}

/** The calls that are made, all of them synchronous: https://docs.oasis-open.org/pkcs11/pkcs11-spec/v3.1/ */
interface Cryptoki {
  load(path: string): void
  C_Initialize(): void
  C_Finalize(): void
  C_GetSlotList(tokenPresent: boolean): Buffer[]
  C_GetTokenInfo(slot: Buffer): { label: string }
  C_OpenSession(slot: Buffer, flags: number): Buffer
  C_Login(session: Buffer, userType: number, pin: string): void
  C_FindObjectsInit(session: Buffer, template: Attribute[]): void
  C_FindObjects(session: Buffer, countMax: number): Buffer[]
  C_FindObjectsFinal(session: Buffer): void
  C_GetAttributeValue(session: Buffer, object: Buffer, template: { type: number }[]): { value: Buffer }[]
  C_SignInit(session: Buffer, mechanism: { mechanism: number; parameter: null }, key: Buffer): void
  C_Sign(session: Buffer, message: Buffer, output: Buffer): Buffer
  C_GenerateKey(session: Buffer, mechanism: { mechanism: number; parameter: null }, template: Attribute[]): Buffer
  C_DestroyObject(session: Buffer, object: Buffer): void
}

type Attribute = { type: number; value: number | boolean | string | Buffer }

const CKF_RW_SESSION = 2
const CKF_SERIAL_SESSION = 4
const CKU_USER = 1
const CKO_SECRET_KEY = 4
const CKK_GENERIC_SECRET = 0x10
const CKM_GENERIC_SECRET_KEY_GEN = 0x350
const CKM_SHA384_HMAC = 0x261
const CKA = {
  CLASS: 0,
  TOKEN: 1,
  PRIVATE: 2,
  LABEL: 3,
  KEY_TYPE: 0x100,
  ID: 0x102,
  SENSITIVE: 0x103,
  SIGN: 0x108,
  VALUE_LEN: 0x161,
  EXTRACTABLE: 0x162,
} as const

const PIN_BYTES_MAX = 256
const VERSION_COUNT_MAX = 1000
const VERSION_BYTES_MAX = 4
const HMAC_BYTES = 48
/** As long as the digest: some tokens take no shorter key. */
const ROOT_KEY_BYTES = 48

/** What only the operator can mend; everything else may pass. */
export class Pkcs11SetupError extends Error {
  override readonly name = 'Pkcs11SetupError'
}

export interface Pkcs11Token {
  /** From new to old. */
  listVersions(): number[]
  /** HMAC-SHA-384 of the message, 48 bytes. Null when there is no such version. */
  hmac(version: number, message: Buffer): Buffer | null
  /** Makes a key that never leaves the token. */
  createVersion(version: number): void
  destroyVersion(version: number): void
}

/** The token, through a session that is opened when it is needed, and anew after a failure. Blocks: for a process of its own. */
export function openPkcs11Token(place: Pkcs11Place): Pkcs11Token {
  const session = createSession(place)

  /** Once more when a session that had been open for long turned out to be dead. */
  function use<T>(act: (cryptoki: Cryptoki, handle: Buffer) => T): T {
    const wasOpen = session.isOpen()
    try {
      return act(...session.open())
    } catch (error) {
      session.close()
      if (!wasOpen || error instanceof Pkcs11SetupError) throw error
      return act(...session.open())
    }
  }

  return {
    listVersions: () =>
      use((cryptoki, handle) => [...findVersions(cryptoki, handle, place.key).keys()].sort((a, b) => b - a)),
    hmac: (version, message) =>
      use((cryptoki, handle) => {
        const key = findVersions(cryptoki, handle, place.key).get(version)
        if (key === undefined) return null
        cryptoki.C_SignInit(handle, { mechanism: CKM_SHA384_HMAC, parameter: null }, key)
        return cryptoki.C_Sign(handle, message, Buffer.alloc(HMAC_BYTES))
      }),
    createVersion: (version) =>
      use((cryptoki, handle) => {
        const mechanism = { mechanism: CKM_GENERIC_SECRET_KEY_GEN, parameter: null }
        cryptoki.C_GenerateKey(handle, mechanism, templateOf(place.key, version))
      }),
    destroyVersion: (version) =>
      use((cryptoki, handle) => {
        const key = findVersions(cryptoki, handle, place.key).get(version)
        if (key !== undefined) cryptoki.C_DestroyObject(handle, key)
      }),
  }
}

function createSession(place: Pkcs11Place) {
  let cryptoki: Cryptoki | null = null
  let handle: Buffer | null = null
  /** Too many wrong PINs lock a token for good, so a refused one is never tried again. */
  let refusedPin: string | null = null

  function login(loaded: Cryptoki, opened: Buffer): void {
    const pin = readPin(place.pinFile)
    if (pin === refusedPin) throw new Pkcs11SetupError('The token has refused this PIN; it is not tried again.')
    try {
      loaded.C_Login(opened, CKU_USER, pin)
    } catch (cause) {
      const { message } = cause as Error
      if (!message.includes('CKR_PIN_')) throw cause
      refusedPin = pin
      throw new Pkcs11SetupError(`The token refuses the PIN in ${place.pinFile} (${message}).`, { cause })
    }
  }

  return {
    isOpen: () => handle !== null,
    open(): [Cryptoki, Buffer] {
      cryptoki ??= loadCryptoki(place.module)
      if (handle === null) {
        cryptoki.C_Initialize()
        try {
          const opened = cryptoki.C_OpenSession(findSlot(cryptoki, place.token), CKF_SERIAL_SESSION | CKF_RW_SESSION)
          login(cryptoki, opened)
          handle = opened
        } catch (error) {
          cryptoki.C_Finalize()
          throw error
        }
      }
      return [cryptoki, handle]
    },
    close(): void {
      if (handle === null) return
      handle = null
      cryptoki?.C_Finalize()
    },
  }
}

function loadCryptoki(module: string): Cryptoki {
  let binding: { PKCS11: new () => Cryptoki }
  try {
    binding = createRequire(import.meta.url)('pkcs11js')
  } catch (cause) {
    throw new Pkcs11SetupError('The package pkcs11js is missing: run "npm install pkcs11js".', { cause })
  }
  try {
    const cryptoki = new binding.PKCS11()
    cryptoki.load(module)
    return cryptoki
  } catch (cause) {
    throw new Pkcs11SetupError(`The PKCS#11 module ${module} cannot be loaded: ${(cause as Error).message}`, { cause })
  }
}

function findSlot(cryptoki: Cryptoki, label: string): Buffer {
  const slot = cryptoki.C_GetSlotList(true).find((each) => cryptoki.C_GetTokenInfo(each).label.trimEnd() === label)
  if (slot === undefined) throw new Error(`There is no token "${label}".`)
  return slot
}

function readPin(file: string): string {
  try {
    if (statSync(file).size > PIN_BYTES_MAX) throw new Error(`larger than ${PIN_BYTES_MAX} bytes`)
    const pin = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
    if (pin === '') throw new Error('empty')
    return pin
  } catch (cause) {
    throw new Pkcs11SetupError(`The PIN file ${file} cannot be used: ${(cause as Error).message}`, { cause })
  }
}

function findVersions(cryptoki: Cryptoki, session: Buffer, label: string): Map<number, Buffer> {
  const template = [
    { type: CKA.CLASS, value: CKO_SECRET_KEY },
    { type: CKA.LABEL, value: label },
  ]
  cryptoki.C_FindObjectsInit(session, template)
  const keys = cryptoki.C_FindObjects(session, VERSION_COUNT_MAX)
  cryptoki.C_FindObjectsFinal(session)
  const versions = new Map<number, Buffer>()
  for (const key of keys) {
    const id = cryptoki.C_GetAttributeValue(session, key, [{ type: CKA.ID }])[0]?.value ?? Buffer.alloc(0)
    if (id.length === 0 || id.length > VERSION_BYTES_MAX) throw new Error(`A key "${label}" has no number as its id.`)
    const version = id.readUIntBE(0, id.length)
    if (versions.has(version)) throw new Error(`There are two keys "${label}" with the id ${version}.`)
    versions.set(version, key)
  }
  return versions
}

function templateOf(label: string, version: number): Attribute[] {
  const id = Buffer.alloc(VERSION_BYTES_MAX)
  id.writeUInt32BE(version)
  return [
    { type: CKA.CLASS, value: CKO_SECRET_KEY },
    { type: CKA.KEY_TYPE, value: CKK_GENERIC_SECRET },
    { type: CKA.VALUE_LEN, value: ROOT_KEY_BYTES },
    { type: CKA.TOKEN, value: true },
    { type: CKA.PRIVATE, value: true },
    { type: CKA.SENSITIVE, value: true },
    { type: CKA.EXTRACTABLE, value: false },
    { type: CKA.SIGN, value: true },
    { type: CKA.LABEL, value: label },
    { type: CKA.ID, value: id },
  ]
}
