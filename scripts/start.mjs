import { build } from './build.mjs'
import { runToTheEnd, setUp } from './setup.mjs'

const node = setUp()
await build(node)
await runToTheEnd(node, ['--enable-source-maps', 'dist/main.js', 'serve', ...process.argv.slice(2)])
