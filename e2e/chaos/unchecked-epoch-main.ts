import { join } from 'node:path'
import { readConfig } from '#storage-engine/config.ts'
import { runService } from '#storage-engine/supervisor/run-service.ts'

/** `serve --json` as it is, from the sources, with the gateway of unchecked-epoch-gateway.ts. */
const engineFolder = join(import.meta.dirname, '../../storage-engine')
await runService({
  config: readConfig({ env: process.env, directory: process.cwd() }),
  only: null,
  json: true,
  version: '0.0.0',
  programs: {
    gateway: join(import.meta.dirname, 'unchecked-epoch-gateway.ts'),
    jobs: join(engineFolder, 'worker.ts'),
    console: join(engineFolder, 'console.ts'),
    prepare: join(engineFolder, 'prepare.ts'),
  },
})
