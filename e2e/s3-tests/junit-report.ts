import { SaxesParser } from 'saxes'

export type TestOutcome = 'passed' | 'failed' | 'skipped'

export interface TestResult {
  name: string
  outcome: TestOutcome
  /** Why it failed or was skipped, in one line; '' when it passed. */
  message: string
  /** pytest's traceback; '' when it passed. */
  details: string
}

/**
 * Reads pytest's junit file. A test that fails and whose clean-up fails as well counts once. Throws when the text is no
 * XML, as it is when pytest was killed.
 */
export function readJunitReport(xml: string): TestResult[] {
  const results: TestResult[] = []
  const parser = new SaxesParser()
  let isDetail = false
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) => {
    if (name === 'testcase') {
      results.push({ name: attributes['name'] ?? '', outcome: 'passed', message: '', details: '' })
    }
    const outcome = outcomeOf(name)
    const current = results.at(-1)
    if (outcome === null || current === undefined) return
    isDetail = true
    if (current.outcome === 'failed') return
    current.outcome = outcome
    current.message = (attributes['message'] ?? '').split('\n')[0] ?? ''
  })
  parser.on('text', (text) => {
    const current = results.at(-1)
    if (isDetail && current !== undefined) current.details += text
  })
  parser.on('closetag', ({ name }) => {
    if (outcomeOf(name) !== null) isDetail = false
  })
  parser.write(xml).close()
  return mergeByName(results)
}

function outcomeOf(element: string): TestOutcome | null {
  if (element === 'failure' || element === 'error') return 'failed'
  return element === 'skipped' ? 'skipped' : null
}

/** pytest writes a second entry for a test that passed and then failed to clean up. */
function mergeByName(results: TestResult[]): TestResult[] {
  const byName = new Map<string, TestResult>()
  for (const result of results) {
    const known = byName.get(result.name)
    if (known === undefined || known.outcome === 'passed') byName.set(result.name, result)
  }
  return [...byName.values()]
}

/** The frames of the suite itself and what was raised, without those of the libraries between them. */
export function shortenTraceback(details: string): string {
  let isOwn = true
  const lines = details.split('\n').filter((line) => {
    if (line.startsWith('E ')) return true
    const frame = /^(\S+\.py):\d+: in /.exec(line)
    if (frame !== null) isOwn = !frame[1]?.includes('site-packages/')
    return isOwn
  })
  return lines.join('\n')
}
