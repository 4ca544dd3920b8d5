import { runInRunDirectory } from './run-directory.mjs'
import { setUp } from './setup.mjs'

await runInRunDirectory(setUp(), ['--import', 'tsx', 'e2e/fuzz/main.ts', ...process.argv.slice(2)])
