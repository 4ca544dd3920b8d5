// Finds a Chromium for the browser tests, or brings one. Loaded after the dependencies are installed.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { chromium } from 'playwright'
import { isCommand, ROOT, say, unpackPackage } from './setup.mjs'

const CACHE = path.join(ROOT, '.cache', 'chromium')
const SYSTEM_BROWSERS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/microsoft-edge',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/**
 * The path of the first Chromium that opens `url`, an https page: the one that E2E_CHROMIUM names, Playwright's own, the
 * system's, and else one that is fetched. Null when there is none.
 */
export async function findBrowser(node, url) {
  const sources = [
    () => process.env.E2E_CHROMIUM,
    () => chromium.executablePath(),
    ...SYSTEM_BROWSERS.map((file) => () => file),
    installWithApt,
    () => unpackPortable(node),
    () => installWithPlaywright(node),
  ]
  for (const findNext of sources) {
    const file = findNext()
    if (file && fs.existsSync(file) && (await canOpen(file, url))) return file
  }
  return null
}

async function canOpen(executablePath, url) {
  let browser
  try {
    browser = await chromium.launch({ executablePath, timeout: 30_000 })
    const page = await browser.newPage({ ignoreHTTPSErrors: true })
    await page.goto(url, { waitUntil: 'commit', timeout: 15_000 })
    return true
  } catch (error) {
    say(`${executablePath} cannot be used: ${error.message.split('\n')[0]}`)
    return false
  } finally {
    await browser?.close()
  }
}

function installWithApt() {
  if (process.getuid?.() !== 0 || !isCommand('apt-get')) return null
  say('Installing Chromium with apt-get for the browser tests…')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const run = (args) => spawnSync('apt-get', args, { stdio: 'ignore', env, timeout: 600_000 }).status === 0
  return run(['update']) && run(['install', '--yes', '--no-install-recommends', 'chromium'])
    ? '/usr/bin/chromium'
    : null
}

/**
 * The Chromium that a package of ours carries for x64 Linux, unpacked once. It brings most of its libraries; the wrapper
 * shows them to it alone.
 */
function unpackPortable(node) {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null
  fs.mkdirSync(CACHE, { recursive: true })
  // The package unpacks its libraries only where it takes itself to run in the cloud that it is made for.
  const env = { ...process.env, TMPDIR: CACHE, AWS_LAMBDA_JS_RUNTIME: 'nodejs22.x' }
  const source = `import('@sparticuz/chromium').then(({ default: c }) => c.executablePath()).then((file) => process.stdout.write(file))`
  const unpacked = spawnSync(node, ['--input-type=module', '--eval', source], { cwd: ROOT, env, encoding: 'utf8' })
  if (unpacked.status !== 0) return null
  const libraries = [path.join(CACHE, 'al2023', 'lib'), fetchSqlite()].filter((folder) => folder !== null)
  return writeWrapper(unpacked.stdout, libraries)
}

/** Without it the portable Chromium opens no https page; fetched without root where the system has none. */
function fetchSqlite() {
  const folder = path.join(CACHE, 'sqlite')
  const libraries = path.join(folder, 'usr', 'lib', 'x86_64-linux-gnu')
  return fs.existsSync(libraries) || unpackPackage('libsqlite3-0', folder) ? libraries : null
}

function writeWrapper(browser, libraries) {
  const fonts = path.join(CACHE, 'fonts')
  fs.mkdirSync(fonts, { recursive: true })
  fs.writeFileSync(path.join(fonts, 'fonts.conf'), fontsConfiguration(fonts))
  const wrapper = path.join(CACHE, 'chromium.sh')
  const lines = [
    '#!/bin/sh',
    `export LD_LIBRARY_PATH='${libraries.join(':')}' FONTCONFIG_PATH='${fonts}'`,
    `exec '${browser}' "$@"`,
    '',
  ]
  fs.writeFileSync(wrapper, lines.join('\n'), { mode: 0o755 })
  return wrapper
}

function fontsConfiguration(fonts) {
  const folders = [fonts, '/usr/share/fonts'].map((folder) => `<dir>${folder}</dir>`).join('')
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>${folders}<cachedir>${fonts}-cache</cachedir></fontconfig>`
}

function installWithPlaywright(node) {
  say('Downloading Chromium for the browser tests…')
  const program = path.join(ROOT, 'node_modules', 'playwright', 'cli.js')
  spawnSync(node, [program, 'install', 'chromium'], { stdio: 'ignore', timeout: 600_000 })
  return chromium.executablePath()
}
