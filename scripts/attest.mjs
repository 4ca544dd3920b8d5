import { existsSync } from 'node:fs'
import { fail, runToTheEnd, setUp } from './setup.mjs'

const node = setUp()
if (!existsSync('dist/main.js')) fail('Start the service first: npm start')
await runToTheEnd(node, ['dist/main.js', 'attest', ...process.argv.slice(2)])
