import type { Logger } from '#storage-engine/log.ts'
import type { Service } from '#storage-engine/service/service.ts'

const CONSOLE_HOST: unique symbol = Symbol.for('sceau.console-host')

/** What Next's side of the console is handed; see lib/server/engine.ts, which finds it under the same symbol. */
export interface ConsoleHost {
  service: Service
  log: Logger
  /** Protects the sign-in form's token. */
  formSecret: string
}

export function provideConsoleHost(host: ConsoleHost): void {
  const holder = globalThis as { [CONSOLE_HOST]?: ConsoleHost }
  holder[CONSOLE_HOST] = host
}
