import { build } from './build.mjs'
import { runToTheEnd, setUp } from './setup.mjs'

const node = setUp()
await build(node)
runToTheEnd(node, ['--import', 'tsx', 'e2e/clients/main.ts', ...process.argv.slice(2)])
