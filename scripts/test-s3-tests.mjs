import { runInRunDirectory } from './run-directory.mjs'
import { setUp } from './setup.mjs'

// The sources as they are: nothing is built, so that a change can be judged at once.
await runInRunDirectory(setUp(), ['--import', 'tsx', 'e2e/s3-tests/main.ts', ...process.argv.slice(2)])
