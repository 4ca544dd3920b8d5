// Builds what is served: the engine's bundles in dist/ and the console in .next/, each only when its sources changed.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { fail, ROOT, runStep, say } from './setup.mjs'

const ENGINE_SOURCES = ['storage-engine', 'drizzle', 'lib', 'scripts/build.mjs', 'package-lock.json', 'tsconfig.json']
const CONSOLE_SOURCES = [
  'app',
  'components',
  'lib',
  'public',
  'storage-engine/service',
  'next.config.mjs',
  'postcss.config.mjs',
  'proxy.ts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
]
const ENTRIES = ['main', 'gateway', 'worker', 'console', 'prepare', 'pkcs11-worker']
const STAMP = '.sceau-stamp'

/** Brings dist/ and .next/ up to date. `node` runs the console's build. */
export async function build(node) {
  await rebuild('dist', ENGINE_SOURCES, buildEngine)
  await rebuild('.next', CONSOLE_SOURCES, () => buildConsole(node))
}

async function rebuild(target, sources, run) {
  const stamp = path.join(ROOT, target, STAMP)
  const wanted = digestOf(sources)
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return
  fs.rmSync(stamp, { force: true })
  await run()
  fs.writeFileSync(stamp, wanted)
}

async function buildEngine() {
  const { build: bundle } = await import('esbuild')
  const dist = path.join(ROOT, 'dist')
  const outdir = `${dist}.partial`
  fs.rmSync(outdir, { recursive: true, force: true })
  await bundle({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES.map((name) => `storage-engine/${name}.ts`),
    outdir,
    bundle: true,
    plugins: [bundleOwnImports, keepPackages],
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'warning',
  })
  fs.rmSync(dist, { recursive: true, force: true })
  fs.renameSync(outdir, dist)
}

/** `#folder/file.ts` is a file of ours; esbuild would take it for the name of a package. */
const bundleOwnImports = {
  name: 'own-imports',
  setup({ onResolve }) {
    onResolve({ filter: /^#/ }, ({ path: name }) => ({ path: path.join(ROOT, name.slice(1)) }))
  },
}

/** Of each of these, only what is used is loaded: drizzle whole would take 100 MiB in each of our processes. */
const BUNDLED_PACKAGES = ['drizzle-orm', 'zod', 'lru-cache']

/** The others stay in node_modules, where their native parts are. */
const keepPackages = {
  name: 'keep-packages',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./#]/ }, ({ path: name, kind }) => {
      const isBundled = BUNDLED_PACKAGES.some((each) => name === each || name.startsWith(`${each}/`))
      return isBundled || kind === 'entry-point' ? undefined : { path: name, external: true }
    })
  },
}

function buildConsole(node) {
  say('Building the console (once, about half a minute)…')
  const next = path.join(ROOT, 'node_modules', 'next', 'dist', 'bin', 'next')
  const env = { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' }
  if (!runStep(node, [next, 'build'], { env, quiet: true }))
    fail('The console could not be built: see the lines above.')
}

/** Of names and contents, so that a fresh clone and a touched file make no difference. */
function digestOf(sources) {
  const hash = createHash('sha256')
  for (const file of sources.flatMap(listFiles).sort()) {
    if (/\.(test|spec)\.tsx?$/.test(file)) continue
    hash
      .update(`${file}\0`)
      .update(fs.readFileSync(path.join(ROOT, file)))
      .update('\0')
  }
  return hash.digest('hex')
}

function listFiles(name) {
  const full = path.join(ROOT, name)
  if (!fs.existsSync(full)) return []
  if (!fs.statSync(full).isDirectory()) return [name]
  return fs.readdirSync(full).flatMap((child) => listFiles(path.join(name, child)))
}
