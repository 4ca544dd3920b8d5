import { runToTheEnd, setUp } from './setup.mjs'

runToTheEnd(setUp(), ['--import', 'tsx', 'e2e/fuzz/main.ts', ...process.argv.slice(2)])
