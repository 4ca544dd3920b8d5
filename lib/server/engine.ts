import type { ConsoleHost } from '#storage-engine/service/console-host.ts'

const CONSOLE_HOST: unique symbol = Symbol.for('sceau.console-host')

/**
 * What the console's own server hands to Next: by a value on globalThis, because Next bundles this file and must bundle no
 * engine code. Only types of the engine are imported here.
 */
export function getConsoleHost(): ConsoleHost {
  const host = (globalThis as { [CONSOLE_HOST]?: ConsoleHost })[CONSOLE_HOST]
  if (host === undefined) throw new Error('the console runs only behind its own server: npm start, or npm run dev')
  return host
}
