import type { RootProvider } from '#storage-engine/crypto/root-provider.ts'

/**
 * A provider that wraps and unwraps nothing before `prove` has once found its root key to be the right one: for an
 * installation that was started while its provider was down, and so could not tell.
 */
export function createProvenRootProvider(provider: RootProvider, prove: () => Promise<boolean>): RootProvider {
  let isProven = false
  async function ensureProven(): Promise<void> {
    if (isProven) return
    isProven = await prove()
    if (!isProven) throw new Error(`The root key in ${provider.location} is not the one that sealed this installation.`)
  }
  return {
    ...provider,
    async wrap(input) {
      await ensureProven()
      return provider.wrap(input)
    },
    async unwrap(input) {
      await ensureProven()
      return provider.unwrap(input)
    },
    async health() {
      await ensureProven()
      return provider.health()
    },
  }
}
