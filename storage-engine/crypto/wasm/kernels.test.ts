import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { buildKernels } from '#storage-engine/crypto/wasm/build.mjs'

it('kernels.generated.ts is what build.mjs makes of the sources', async () => {
  const committed = await readFile(new URL('./kernels.generated.ts', import.meta.url), 'utf8')
  expect(await buildKernels()).toBe(committed)
}, 30_000)
