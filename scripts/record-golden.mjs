import { runToTheEnd, setUp } from './setup.mjs'

runToTheEnd(setUp(), ['--import', 'tsx', 'e2e/golden/record.ts', ...process.argv.slice(2)])
