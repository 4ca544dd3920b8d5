import { expect, it } from 'vitest'
import { createEnvRootProvider } from '#storage-engine/crypto/env-root-provider.ts'
import { describeRootProvider } from '#storage-engine/crypto/root-provider.conformance.ts'
import { StartupError } from '#storage-engine/errors.ts'

describeRootProvider({
  name: 'env',
  open: async () => createEnvRootProvider({ value: '0f'.repeat(32) }),
  openOther: async () => createEnvRootProvider({ value: '0e'.repeat(32) }),
})

it.each([undefined, '', 'secret', '0f'.repeat(31), '0f'.repeat(33), `${'0f'.repeat(31)}0g`])(
  'refuses to start with SCEAU_ROOT_KEY=%j and does not repeat it',
  (value) => {
    expect(() => createEnvRootProvider({ value })).toThrow(StartupError)
    expect(() => createEnvRootProvider({ value })).toThrow(/^SCEAU_ROOT_KEY must be 64 hexadecimal digits/)
  },
)
