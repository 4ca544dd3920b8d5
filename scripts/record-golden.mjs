import { runInRunDirectory } from './run-directory.mjs'
import { setUp } from './setup.mjs'

await runInRunDirectory(setUp(), ['--import', 'tsx', 'e2e/golden/record.ts', ...process.argv.slice(2)])
