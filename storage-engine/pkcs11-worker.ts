import type { Pkcs11Act, Pkcs11Answer, Pkcs11Value } from '#storage-engine/crypto/pkcs11-process.ts'
import { openPkcs11Token, type Pkcs11Place, Pkcs11SetupError } from '#storage-engine/crypto/pkcs11-token.ts'

/** The process that talks to a PKCS#11 token: one call after the other, each answered. Ends with whoever started it. */
const token = openPkcs11Token(JSON.parse(process.argv[2] ?? '') as Pkcs11Place)

process.on('message', ({ id, act }: { id: number; act: Pkcs11Act }) => {
  process.send?.(answer(id, act))
})
process.on('disconnect', () => process.exit())
// Ctrl-C reaches the whole process group: our parent decides.
process.on('SIGINT', () => undefined)

function answer(id: number, act: Pkcs11Act): Pkcs11Answer {
  try {
    return { id, value: perform(act) }
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error)
    return { id, failure, isSetup: error instanceof Pkcs11SetupError }
  }
}

function perform(act: Pkcs11Act): Pkcs11Value {
  switch (act.name) {
    case 'list':
      return token.listVersions()
    case 'hmac':
      return token.hmac(act.version, Buffer.from(act.message))
    case 'create':
      token.createVersion(act.version)
      return null
    case 'destroy':
      token.destroyVersion(act.version)
      return null
  }
}
