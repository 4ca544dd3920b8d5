import { runToTheEnd, setUp } from './setup.mjs'

// The sources as they are: the engine through tsx, the console through Next's development server.
const node = setUp()
const env = { NODE_ENV: 'development', NEXT_TELEMETRY_DISABLED: '1' }
await runToTheEnd(node, ['--import', 'tsx', 'storage-engine/main.ts', 'serve', ...process.argv.slice(2)], { env })
