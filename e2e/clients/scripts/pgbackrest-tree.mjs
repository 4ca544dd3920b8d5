// Copies a directory into the repository of pgbackrest, or out of it, by one command of pgbackrest a file.
// Usage: node pgbackrest-tree.mjs <pgbackrest> put|get <path in the repository> <directory>
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const [, , pgbackrest, direction, path, directory] = process.argv

if (direction === 'put') {
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    withFile(file, 'r', (fd) => run(['repo-put', `${path}/${relative(directory, file)}`], [fd, 'pipe', 'inherit']))
  }
} else {
  const entries = JSON.parse(run(['repo-ls', '--recurse', '--output=json', path], ['ignore', 'pipe', 'inherit']))
  for (const [name, { type }] of Object.entries(entries)) {
    if (type !== 'file') continue
    const file = join(directory, name)
    mkdirSync(dirname(file), { recursive: true })
    withFile(file, 'w', (fd) => run(['repo-get', `${path}/${name}`], ['ignore', fd, 'inherit']))
  }
}

/** Returns what pgbackrest printed, where that is a pipe. */
function run(words, stdio) {
  const { status, stdout } = spawnSync(pgbackrest, words, { stdio, encoding: 'utf8', maxBuffer: 1 << 26 })
  if (status !== 0) process.exit(status ?? 1)
  return stdout
}

function withFile(file, flags, use) {
  const fd = openSync(file, flags)
  try {
    use(fd)
  } finally {
    closeSync(fd)
  }
}
