import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ClientUnavailable } from '#e2e/clients/client.ts'

const run = promisify(execFile)
/** Manifests of the clients, and the scripts that give libraries a command line. */
const SCRIPTS = fileURLToPath(new URL('./scripts', import.meta.url))

/** Installs the npm clients once per lockfile; with `script`, returns its copy beside them, where module resolution starts. */
export async function installNodeClients(cacheDir: string, script?: string): Promise<string> {
  const directory = join(cacheDir, 'node')
  await installOnce(directory, ['package.json', 'package-lock.json', '.npmrc'], async () => {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: directory, maxBuffer: 1 << 26 })
  })
  if (script === undefined) return directory
  for (const file of [join(SCRIPTS, 'command-line.mjs'), join(SCRIPTS, script)]) {
    await copyFile(file, join(directory, basename(file)))
  }
  return join(directory, script)
}

/** Installs the Python clients once per requirements.txt; returns the folder of their commands. */
export async function installPythonClients(cacheDir: string): Promise<string> {
  const directory = join(cacheDir, 'python')
  if (!(await hasCommand('python3'))) throw new ClientUnavailable('python3 is missing')
  await installOnce(directory, ['requirements.txt'], async () => {
    await run('python3', ['-m', 'venv', join(directory, 'venv')]).catch((error: Error) => {
      throw new ClientUnavailable(`python3 -m venv does not work (Debian: python3-venv): ${error.message}`)
    })
    await run(join(directory, 'venv/bin/pip'), ['install', '-q', '-r', join(directory, 'requirements.txt')])
  })
  return join(directory, 'venv/bin')
}

/** Unpacks the AWS CLI that the npm package carries as a zip file; returns the path of its binary. */
export async function unpackAwsCli(cacheDir: string): Promise<string> {
  const archive = join(cacheDir, 'node/node_modules/@aws-cdk/asset-awscli-v2/lib/layer.zip')
  const directory = join(cacheDir, 'aws-cli')
  if (!(await exists(directory))) {
    if (!(await hasCommand('unzip'))) await installFromDebian('unzip')
    await rm(`${directory}.part`, { recursive: true, force: true })
    await run('unzip', ['-q', archive, '-d', `${directory}.part`])
    await rename(`${directory}.part`, directory)
  }
  const versions = (await readdir(join(directory, 'awscli/v2'))).filter((name) => /^\d/.test(name))
  return join(directory, 'awscli/v2', versions[0] ?? 'current', 'dist/aws')
}

/**
 * A command of the Debian package of the same name: the system's own, else unpacked into the cache with every package that
 * it needs and the system lacks, else, when that does not run and this is root, installed.
 * Throws ClientUnavailable where none of these works.
 */
export async function debianCommand(command: string, cacheDir: string): Promise<string> {
  if (await hasCommand(command)) return command
  const directory = join(cacheDir, 'debian', command)
  const wrapper = join(directory, 'run')
  if (await exists(wrapper)) return wrapper
  if (!(await hasCommand('apt-get'))) throw new ClientUnavailable(`install ${command} to include it`)
  try {
    await unpackFromDebian(command, directory)
    return wrapper
  } catch (cause) {
    await rm(directory, { recursive: true, force: true })
    if (process.getuid?.() !== 0) throw new ClientUnavailable(`install ${command} to include it`, { cause })
  }
  await installFromDebian(command)
  return command
}

/** Leaves a program `run` in the directory that starts the command among its own libraries. */
async function unpackFromDebian(command: string, directory: string): Promise<void> {
  const archives = join(directory, 'archives')
  await mkdir(join(archives, 'partial'), { recursive: true })
  const options = [`Dir::Cache::archives=${archives}`, 'Debug::NoLocking=1', 'APT::Sandbox::User=']
  const download = ['--download-only', '-y', '-q', 'install', command]
  await run('apt-get', [...options.flatMap((option) => ['-o', option]), ...download])
  for (const archive of await readdir(archives)) {
    if (archive.endsWith('.deb')) await run('dpkg', ['-x', join(archives, archive), directory])
  }
  const folders = await readdir(directory, { recursive: true })
  const libraries = folders.filter((folder) => /^(usr\/)?lib\/[\w-]+-linux-gnu\w*$/.test(folder))
  const lines = [
    '#!/bin/sh',
    `export LD_LIBRARY_PATH='${libraries.map((folder) => join(directory, folder)).join(':')}'`,
    `export PYTHONPATH='${join(directory, 'usr/lib/python3/dist-packages')}'`,
    `exec '${join(directory, 'usr/bin', command)}' "$@"`,
  ]
  const wrapper = join(directory, 'run')
  await writeFile(`${wrapper}.part`, `${lines.join('\n')}\n`, { mode: 0o755 })
  await run(`${wrapper}.part`, ['--version']).catch(() => run(`${wrapper}.part`, ['version']))
  await rename(`${wrapper}.part`, wrapper)
}

async function installFromDebian(name: string): Promise<void> {
  if (process.getuid?.() !== 0) throw new ClientUnavailable(`install ${name} to include it`)
  try {
    await run('apt-get', ['install', '-y', '-q', name], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  } catch {
    await run('apt-get', ['update', '-q'])
    await run('apt-get', ['install', '-y', '-q', name], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  }
}

/** Runs `install` in `directory` unless a stamp says that it was done for exactly these files. */
async function installOnce(directory: string, files: string[], install: () => Promise<void>): Promise<void> {
  const hash = createHash('sha256')
  for (const file of files) hash.update(await readFile(join(SCRIPTS, file)))
  const stamp = hash.digest('hex')
  const stampFile = join(directory, 'stamp')
  if ((await exists(stampFile)) && (await readFile(stampFile, 'utf8')) === stamp) return
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  for (const file of files) await copyFile(join(SCRIPTS, file), join(directory, file))
  await install()
  await writeFile(stampFile, stamp)
}

async function hasCommand(command: string): Promise<boolean> {
  const folders = (process.env['PATH'] ?? '').split(':')
  const found = await Promise.all(folders.map((folder) => exists(join(folder, command))))
  return found.includes(true)
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
