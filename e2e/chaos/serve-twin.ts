import { join } from 'node:path'
import { readConfig } from '#storage-engine/config.ts'
import { runService } from '#storage-engine/supervisor/run-service.ts'

const ENGINE = join(import.meta.dirname, '../../storage-engine')

/** `serve --json` as it is, from the sources, with a process of this folder that has a planted bug. */
export function serveTwin(twins: { gateway?: string; jobs?: string }): Promise<void> {
  const program = (role: 'gateway' | 'jobs', own: string) => {
    const twin = twins[role]
    return twin === undefined ? join(ENGINE, own) : join(import.meta.dirname, twin)
  }
  return runService({
    config: readConfig({ env: process.env, directory: process.cwd() }),
    only: null,
    json: true,
    version: '0.0.0',
    programs: {
      gateway: program('gateway', 'gateway.ts'),
      jobs: program('jobs', 'worker.ts'),
      console: join(ENGINE, 'console.ts'),
      prepare: join(ENGINE, 'prepare.ts'),
    },
  })
}
