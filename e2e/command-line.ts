import { type ParseArgsConfig, parseArgs } from 'node:util'

/** Options of this process by the rules of `config`; prints `usage` and ends the process when asked to, or when one is unknown. */
export function readCommandLine<Config extends ParseArgsConfig>(usage: string, config: Config) {
  if (process.argv.includes('--help')) end(usage, 0)
  try {
    return parseArgs(config)
  } catch (error) {
    return end(`${(error as Error).message}\n${usage}`, 2)
  }
}

function end(text: string, code: number): never {
  console.log(text)
  process.exit(code)
}
