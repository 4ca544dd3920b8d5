import path from 'node:path'
import { runStep, say, setUp } from './setup.mjs'

const node = setUp()
const program = (...parts) => path.join('node_modules', ...parts)
const CHECKS = [
  ['biome', [program('@biomejs', 'biome', 'bin', 'biome'), 'check', '--error-on-warnings', '.']],
  ['tsc', [program('typescript', 'bin', 'tsc'), '--noEmit', '-p', '.']],
  ['knip', [program('knip', 'bin', 'knip.js'), '--no-progress']],
]

const failed = CHECKS.filter(([name, args]) => {
  say(`check: ${name}`)
  return !runStep(node, args)
}).map(([name]) => name)
say(failed.length === 0 ? 'check: passed' : `check: failed (${failed.join(', ')})`)
process.exitCode = failed.length === 0 ? 0 : 1
