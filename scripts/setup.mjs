// What every command of this repository needs first. Imports nothing outside Node, since nothing may be installed yet.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const NODE_MIN = [20, 19]
/** The Node that serves best; older ones work and cost more CPU a request. */
const NODE_WANTED = 26
const STAMP = 'node_modules/.sceau-stamp'
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Installs the dependencies and the pinned Node where they are missing or out of date. Returns the path of the Node that
 * runs everything else. Ends the process with one line when this cannot work.
 */
export function setUp() {
  const complaint = complainAboutNode(process.versions.node)
  if (complaint !== null) fail(complaint)
  process.chdir(ROOT)
  installDependencies()
  return findRuntime()
}

/** Null when this version of Node can run the scripts, else the line to print. */
export function complainAboutNode(version) {
  const [major, minor] = version.split('.').map(Number)
  const isOldEnough = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])
  return isOldEnough
    ? null
    : `Sceau needs Node ${NODE_MIN.join('.')} or newer to install; this is ${version}: see https://nodejs.org`
}

/** Runs Node on a program of ours with this terminal, hands signals on, and ends as the program ends. */
export async function runToTheEnd(node, args, options = {}) {
  const { code } = await runChild(node, args, options)
  process.exit(code)
}

/**
 * Runs Node on a program with this terminal and hands signals on. Resolves, once it has ended, to its exit code (128 when a
 * signal ended it) and to the signal that this process got meanwhile, or null.
 */
export function runChild(node, args, { env = {}, channel = true } = {}) {
  // The channel tells a program of ours when this process is gone, however it went.
  const stdio = ['inherit', 'inherit', 'inherit', ...(channel ? ['ipc'] : [])]
  const child = spawn(node, args, { stdio, env: { ...process.env, ...env } })
  let received = null
  const handOn = (signal) => {
    received = signal
    // Ctrl-C on a terminal reaches the whole process group; what was sent to this process alone is handed on.
    if (signal !== 'SIGINT') child.kill(signal)
    else if (!process.stdin.isTTY) child.kill('SIGTERM')
  }
  for (const signal of SIGNALS) process.on(signal, handOn)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      for (const name of SIGNALS) process.off(name, handOn)
      resolve({ code: code ?? (signal === null ? 1 : 128), signal: received })
    })
  })
}

/** Runs a command to its end; true when it succeeded. */
export function runStep(command, args, { cwd = ROOT, env = {}, quiet = false } = {}) {
  const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit'
  const result = spawnSync(command, args, { cwd, stdio, env: { ...process.env, ...env }, encoding: 'utf8' })
  if (quiet && result.status !== 0) process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`)
  return result.status === 0
}

export function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

export function say(message) {
  process.stderr.write(`${message}\n`)
}

function installDependencies() {
  installFolder(ROOT, {
    announce: 'Installing dependencies (once, about a minute)…',
    failure: 'The dependencies could not be installed: check the network and the lines above, then try again.',
  })
}

/** `npm ci` unless the stamp, or what npm noted about an installation by hand, says that all is there. */
function installFolder(folder, { announce, failure }) {
  const stamp = path.join(folder, STAMP)
  const wanted = describeLock(folder)
  if (readIfThere(stamp) === wanted) return
  if (!isInstalled(folder)) {
    say(announce)
    const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
    if (!runNpm(folder, args)) fail(failure)
  }
  fs.writeFileSync(stamp, wanted)
}

function describeLock(folder) {
  const lock = fs.readFileSync(path.join(folder, 'package-lock.json'))
  return [createHash('sha256').update(lock).digest('hex'), process.platform, process.arch].join(' ')
}

/** Compares the lock file with the one that npm keeps of what it installed. */
function isInstalled(folder) {
  const installed = readIfThere(path.join(folder, 'node_modules', '.package-lock.json'))
  if (installed === null) return false
  const present = JSON.parse(installed).packages
  const wanted = JSON.parse(fs.readFileSync(path.join(folder, 'package-lock.json'), 'utf8')).packages
  return Object.entries(wanted).every(([name, { version, optional }]) => {
    if (!name.startsWith('node_modules/')) return true
    return present[name] === undefined ? optional === true : present[name].version === version
  })
}

function runNpm(folder, args) {
  const npm = process.env.npm_execpath
  if (npm !== undefined && /\.c?js$/.test(npm)) return runStep(process.execPath, [npm, ...args], { cwd: folder })
  return runStep('npm', args, { cwd: folder })
}

/** The pinned Node where this one is older and the pinned one runs here, else the Node that runs this script. */
function findRuntime() {
  const isNewEnough = Number(process.versions.node.split('.')[0]) >= NODE_WANTED
  if (isNewEnough || process.env.SCEAU_RUNTIME === 'system' || !isGlibcLinux()) return process.execPath
  const folder = path.join(ROOT, 'runtime')
  const binary = path.join(folder, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node')
  const failure = `Node ${NODE_WANTED} could not be installed: try again, or set SCEAU_RUNTIME=system to serve with ${process.version}.`
  installFolder(folder, { announce: `Installing Node ${NODE_WANTED} to serve with…`, failure })
  if (runs(binary)) return binary
  const wrapper = wrapWithLibrary(folder, binary)
  if (wrapper !== null && runs(wrapper)) return wrapper
  const advice = isCommand('apt-get') ? ' `apt-get install libatomic1` may change that.' : ''
  say(`Node ${NODE_WANTED} does not run on this system: serving with ${process.version}.${advice}`)
  return process.execPath
}

function runs(binary) {
  return spawnSync(binary, ['--version']).status === 0
}

/** The smallest Debian lacks one library that Node 26 needs. It is unpacked beside the binary, which needs no right to install. */
function wrapWithLibrary(folder, binary) {
  const unpacked = path.join(folder, 'node_modules', '.library')
  if (!fs.existsSync(unpacked) && !unpackPackage('libatomic1', unpacked)) return null
  const library = fs.readdirSync(unpacked, { recursive: true }).find((name) => name.endsWith('libatomic.so.1'))
  if (library === undefined) return null
  const wrapper = path.join(folder, 'node_modules', '.library', 'node')
  const lines = [
    '#!/bin/sh',
    `export LD_LIBRARY_PATH='${path.dirname(path.join(unpacked, library))}'`,
    `exec '${binary}' "$@"`,
    '',
  ]
  fs.writeFileSync(wrapper, lines.join('\n'), { mode: 0o755 })
  return wrapper
}

/** Fetches a Debian package and unpacks it into `folder`; false where that cannot be done. */
export function unpackPackage(name, folder) {
  if (!isCommand('apt-get') || !isCommand('dpkg')) return false
  fs.mkdirSync(folder, { recursive: true })
  const options = { cwd: folder, stdio: 'ignore', timeout: 120_000 }
  spawnSync('apt-get', ['download', name], options)
  const archive = fs.readdirSync(folder).find((file) => file.endsWith('.deb'))
  if (archive !== undefined && spawnSync('dpkg', ['-x', archive, '.'], options).status === 0) return true
  fs.rmSync(folder, { recursive: true, force: true })
  return false
}

export function isCommand(name) {
  return (process.env.PATH ?? '').split(path.delimiter).some((folder) => fs.existsSync(path.join(folder, name)))
}

function isGlibcLinux() {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) return false
  process.report.excludeNetwork = true
  return process.report.getReport().header.glibcVersionRuntime !== undefined
}

function readIfThere(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : null
}
