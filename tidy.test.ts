import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BUCKET_CONFIGURATIONS } from '#storage-engine/s3/bucket-configurations.ts'
import { OBJECT_CONFIGURATIONS } from '#storage-engine/s3/object-configurations.ts'
import type { Operation } from '#storage-engine/s3/operation.ts'
import { OPERATIONS } from '#storage-engine/s3/operation-table.ts'

/** The rules of this repository that no linter knows. Each list below is empty when all is well. */

const files = listFiles()
const sources = files.filter((file) => /\.(tsx?|mjs|css)$/.test(file))
const tests = sources.filter((file) => /\.(test|spec)\.(tsx?|mjs)$/.test(file))
const contents = new Map<string, string>()

/** What git knows or would take, so that build results and data never count. */
function listFiles(): string[] {
  const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  // Null on a machine without git.
  const known = (stdout ?? '').split('\n').filter((file) => file !== '' && fs.existsSync(file))
  return known.length > 0 ? known : walk('.')
}

/** For a copy without its git folder. */
function walk(folder: string): string[] {
  const skipped = [
    'node_modules',
    '.next',
    'dist',
    'data',
    '.cache',
    '.git',
    'coverage',
    'test-results',
    'playwright-report',
  ]
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = folder === '.' ? entry.name : `${folder}/${entry.name}`
    if (skipped.includes(entry.name)) return []
    return entry.isDirectory() ? walk(name) : [name]
  })
}

function read(file: string): string {
  const content = contents.get(file) ?? fs.readFileSync(file, 'utf8')
  contents.set(file, content)
  return content
}

function importsOf(file: string): { statement: string; isTypeOnly: boolean; from: string }[] {
  const matches = read(file).matchAll(/^\s*(?:import|export)\s(?<what>[^'"]*?)(?:from\s)?['"](?<from>[^'"]+)['"]/gm)
  return [...matches].map(({ 0: statement, groups }) => ({
    statement,
    isTypeOnly: /^type\b/.test(groups?.['what'] ?? ''),
    from: groups?.['from'] ?? '',
  }))
}

const startsWithAny = (file: string, folders: string[]) => folders.some((folder) => file.startsWith(folder))

describe('layers', () => {
  it('keeps SQL in storage-engine/metadata: nobody else imports drizzle-orm', () => {
    const allowed = ['storage-engine/metadata/', 'drizzle/']
    const others = sources.filter((file) => !startsWithAny(file, allowed))
    expect(others.filter((file) => importsOf(file).some(({ from }) => from.startsWith('drizzle-orm')))).toEqual([])
  })

  it('shows the engine to the console by type only', () => {
    const consoleFiles = sources.filter((file) => startsWithAny(file, ['app/', 'components/', 'lib/', 'proxy.ts']))
    const product = consoleFiles.filter((file) => !tests.includes(file))
    const values = product.filter((file) =>
      importsOf(file).some(({ from, isTypeOnly }) => from.startsWith('#storage-engine/') && !isTypeOnly),
    )
    expect(values).toEqual([])
  })

  it('leaves test scaffolding out of the product', () => {
    const product = sources.filter((file) => startsWithAny(file, ['app/', 'components/', 'lib/', 'storage-engine/']))
    const suspects = product.filter(
      (file) => !tests.includes(file) && !/\/testing\/|conformance|scratch-|test-/.test(file),
    )
    const offenders = suspects.filter((file) =>
      importsOf(file).some(({ from }) => from === 'vitest' || from.startsWith('#storage-engine/testing/')),
    )
    expect(offenders).toEqual([])
  })
})

describe('files', () => {
  it('are named by what they hold', () => {
    const vague = /(^|\/)(utils?|helpers?|common|types|manager|index)\.(tsx?|mjs)$/
    expect(sources.filter((file) => vague.test(file))).toEqual([])
  })

  it('leave nothing for later', () => {
    // Spelled apart so that this file does not name itself.
    const later = new RegExp(
      ['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'not yet ' + 'implemented'].map((word) => `\\b${word}\\b`).join('|'),
    )
    expect(sources.filter((file) => later.test(read(file)))).toEqual([])
  })

  it('switch off no check without saying why', () => {
    const silenced = /@ts-(?:ignore|nocheck)\s*$|eslint-disable|biome-ignore(?:-all|-start)? [\w/]+\s*(?:\*\/)?$/m
    expect(sources.filter((file) => file !== 'tidy.test.ts' && silenced.test(read(file)))).toEqual([])
  })

  it('ask no class for its name, which bundling changes', () => {
    const asked = new RegExp(['constructor', 'name'].join('\\.'))
    expect(sources.filter((file) => asked.test(read(file)))).toEqual([])
  })

  it('name no path of the machine they were written on and no registry', () => {
    const texts = files.filter((file) =>
      /\.(tsx?|mjs|json|md|ya?ml|css|sh|sql|py|txt)$|^\.(npmrc|gitignore)$|^\.ci\//.test(file),
    )
    const homes = new RegExp(`(?<![\\w.*])/(?:${['work', 'root', 'home'].join('|')})/(?!\\*)|"resolved": "http`)
    expect(texts.filter((file) => file !== 'tidy.test.ts' && homes.test(read(file)))).toEqual([])
  })
})

describe('tests', () => {
  it('each expect something', () => {
    expect(tests.filter((file) => !/\bexpect\b|\bassert\b|onformance/.test(read(file)))).toEqual([])
  })

  it('run all: none is focused or left out', () => {
    const partial = /\b(?:it|test|describe)\.(?:only|skip|todo)\b/
    expect(tests.filter((file) => file !== 'tidy.test.ts' && partial.test(read(file)))).toEqual([])
  })
})

describe('the table of S3 operations', () => {
  const answered: readonly Operation[] = [...BUCKET_CONFIGURATIONS, ...OBJECT_CONFIGURATIONS]
  const served = OPERATIONS.filter((operation) => 'run' in operation && !answered.includes(operation)).map(
    ({ name }) => name,
  )

  it('has a file for every operation that is served', () => {
    expect(served.filter((name) => !fs.existsSync(`storage-engine/s3/operations/${kebab(name)}.ts`))).toEqual([])
  })

  it('has a test for every operation that is served', () => {
    const texts = tests.filter((file) => file.startsWith('storage-engine/s3/')).map(read)
    const isTested = (name: string) => texts.some((text) => text.includes(name) || text.includes(kebab(name)))
    expect(served.filter((name) => !isTested(name))).toEqual([])
  })

  it('has a line in docs/s3-compatibility.md for every operation', () => {
    const lines = read('docs/s3-compatibility.md')
    expect(OPERATIONS.map(({ name }) => name).filter((name) => !lines.includes(name))).toEqual([])
  })

  function kebab(name: string): string {
    return name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()
  }
})
