import { relative } from 'node:path'
import { readCommandLine } from '#e2e/command-line.ts'
import { addToCorpus } from '#e2e/fuzz/corpus.ts'
import { TARGET_NAMES } from '#e2e/fuzz/open-target.ts'
import { watchTarget } from '#e2e/fuzz/watch-target.ts'
import setUpDatabase from '#scripts/vitest-global-setup.ts'

const USAGE = `Usage: npm run fuzz -- [target…] [--minutes=1] [--jobs=1] [--seed=<number>]

Runs each target for so many minutes on inputs that no run of the tests has seen, so many targets at a time. What
breaks one is kept in e2e/fuzz/corpus, where the tests find it, and ends that target. Targets:
  ${TARGET_NAMES.join(' ')}`

async function main(): Promise<void> {
  const { values, positionals } = readCommandLine(USAGE, {
    allowPositionals: true,
    options: {
      minutes: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '1' },
      seed: { type: 'string' },
    },
  })
  const unknown = positionals.filter((name) => !TARGET_NAMES.includes(name))
  if (unknown.length > 0) throw new Error(`There is no target ${unknown.join(', ')}.\n${USAGE}`)
  const milliseconds = Number(values.minutes) * 60_000
  if (!(milliseconds > 0)) throw new Error(`--minutes is a number above 0.\n${USAGE}`)
  const jobs = Number(values.jobs)
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error(`--jobs is a whole number above 0.\n${USAGE}`)
  const seed = values.seed === undefined ? Date.now() : Number(values.seed)
  const chosen = positionals.length > 0 ? positionals : TARGET_NAMES
  const stopDatabase = chosen.includes('gateway') ? await setUpDatabase() : null
  try {
    const queue = [...chosen]
    const work = async () => {
      for (let target = queue.shift(); target !== undefined; target = queue.shift())
        await fuzz(target, { seed, milliseconds })
    }
    await Promise.all(Array.from({ length: jobs }, work))
  } finally {
    await stopDatabase?.()
  }
}

async function fuzz(target: string, { seed, milliseconds }: { seed: number; milliseconds: number }): Promise<void> {
  const { runCount, found } = await watchTarget({ target, seed, milliseconds })
  console.log(`${found === null ? 'ok     ' : 'FINDING'} ${target} (${runCount} runs, seed ${seed})`)
  if (found === null) return
  const file = addToCorpus(target, Buffer.from(found.input))
  console.log(`        ${found.text}\n        kept in ${relative(process.cwd(), file)}`)
  process.exitCode = 1
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
// The channel to whoever started us would keep this process alive.
process.disconnect?.()
