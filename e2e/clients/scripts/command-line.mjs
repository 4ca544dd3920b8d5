import { mkdir, readdir } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

/** Runs the action that the command line names; an unknown name ends with an error. */
export async function runAction(actions) {
  const [name, ...words] = process.argv.slice(2)
  const action = actions[name]
  if (action === undefined) throw new Error(`No action named ${name}`)
  await action(...words)
}

/** Uploads every file below `directory`, eight at a time. */
export async function syncUp({ directory, prefix, upload }) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  await eightAtATime(files, (file) => upload(prefix + relative(directory, file), file))
}

/** Downloads every key into `directory`, eight at a time. */
export async function syncDown({ directory, prefix, keys, download }) {
  await eightAtATime(keys, async (key) => {
    const file = join(directory, key.slice(prefix.length))
    await mkdir(dirname(file), { recursive: true })
    await download(key, file)
  })
}

async function eightAtATime(items, run) {
  const queue = items.values()
  const lane = async () => {
    for (const item of queue) await run(item)
  }
  await Promise.all(Array.from({ length: 8 }, lane))
}
