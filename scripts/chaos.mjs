import { build } from './build.mjs'
import { runInRunDirectory } from './run-directory.mjs'
import { setUp } from './setup.mjs'

const node = setUp()
await build(node)
await runInRunDirectory(node, ['--import', 'tsx', 'e2e/chaos/main.ts', ...process.argv.slice(2)])
