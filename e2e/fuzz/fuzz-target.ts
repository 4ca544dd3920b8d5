import { createRandom, mutate } from '#e2e/fuzz/mutate.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** A parser, and how to tell that an input broke it. */
export interface FuzzTarget {
  name: string
  /** Good inputs of every kind, from which bad ones are made. */
  seeds: (string | Buffer)[]
  /** Words of the format, to be put in. */
  tokens?: string[]
  /**
   * Takes any bytes. A StorageError below 500 is an answer, as is NotImplemented; everything else that it throws is a
   * finding. What it returns tells kinds of outcome apart, so that inputs of a new kind are mutated further.
   */
  run(input: Buffer): unknown | Promise<unknown>
}

/** A target that needs something running. */
export type OpenTarget = FuzzTarget & { close?(): Promise<void> }

export interface Finding {
  target: string
  input: Buffer
  error: unknown
}

/** For a reader: the input as a string of JavaScript, one character a byte. */
export function describeFinding({ target, input, error }: Finding): string {
  const shown = JSON.stringify(input.toString('latin1').slice(0, 1_000))
  return `${target}: ${shown} (${input.length} bytes): ${error instanceof Error ? error.message : String(error)}`
}

export interface FuzzOptions {
  seed: number
  /** Asked before every run. */
  goesOn(runs: number): boolean
  /** Told before every run: whoever watches from outside knows then what never ended. */
  onRun?(input: Buffer): void
  /** Inputs that once were findings. */
  corpus: readonly Buffer[]
}

const POOL_MAX = 500

/** Runs corpus and seeds, then mutations of them, up to the first finding, which comes back as small as it could be made. */
export async function fuzzTarget(target: FuzzTarget, options: FuzzOptions): Promise<Finding | null> {
  const random = createRandom(options.seed)
  const pool = [...options.corpus, ...target.seeds.map((seed) => bytesOf(seed))]
  const seen = new Set<string>()
  const tokens = target.tokens ?? []
  const check = async (input: Buffer): Promise<unknown> => {
    options.onRun?.(input)
    const outcome = await judge(target, input)
    if (outcome.finding !== null) return outcome.finding
    const isNew = !seen.has(outcome.kind) && seen.size < POOL_MAX
    seen.add(outcome.kind)
    if (isNew) pool.push(input)
    return null
  }
  for (const input of [...pool]) {
    const error = await check(input)
    if (error !== null) return { target: target.name, input, error }
  }
  for (let runs = 0; options.goesOn(runs); runs++) {
    const from = pool[random(pool.length)] as Buffer
    const input = mutate(from, { random, pool, tokens })
    const error = await check(input)
    if (error !== null) return shrink({ target: target.name, input, error }, check)
  }
  return null
}

function bytesOf(seed: string | Buffer): Buffer {
  return typeof seed === 'string' ? Buffer.from(seed, 'latin1') : seed
}

interface Outcome {
  finding: unknown
  kind: string
}

const PROTOTYPES = [Object.prototype, Array.prototype, String.prototype, Map.prototype]
const PROTOTYPE_KEYS = countPrototypeKeys()

async function judge(target: FuzzTarget, input: Buffer): Promise<Outcome> {
  try {
    const kind = describe(await target.run(input))
    if (countPrototypeKeys() !== PROTOTYPE_KEYS) return { finding: new Error('A prototype was changed.'), kind }
    return { finding: null, kind }
  } catch (error) {
    const isAnswer = error instanceof StorageError && (error.status < 500 || error.code === 'NotImplemented')
    if (!isAnswer) return { finding: error, kind: '' }
    return { finding: null, kind: `${error.code} ${error.message.replace(/\d+/g, '#').slice(0, 60)}` }
  }
}

function countPrototypeKeys(): number {
  return PROTOTYPES.flatMap((prototype: object) => Reflect.ownKeys(prototype)).length
}

/** Of the shape of a value, not of what stands in it. */
function describe(value: unknown): string {
  if (Array.isArray(value)) return `[${Math.min(value.length, 3)}${describe(value[0])}]`
  if (value instanceof Map) return `map${Math.min(value.size, 5)}`
  if (Buffer.isBuffer(value)) return 'buffer'
  if (typeof value === 'string') return value.length < 24 ? value.replace(/\w+/g, 'w') : 'text'
  if (typeof value !== 'object' || value === null) return typeof value
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return `{${fields.map(([name, field]) => `${name.slice(0, 12)}:${describe(field).slice(0, 40)}`).join()}}`
}

/** Takes slices away as long as what is left still breaks the target: as long as `check` returns an error. */
async function shrink(finding: Finding, check: (input: Buffer) => Promise<unknown>): Promise<Finding> {
  let smallest = finding
  for (let size = Math.ceil(finding.input.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < smallest.input.length; ) {
      const { input } = smallest
      const shorter = Buffer.concat([input.subarray(0, at), input.subarray(at + size)])
      const error = await check(shorter)
      if (error === null) at += size
      else smallest = { ...finding, input: shorter, error }
    }
  }
  return smallest
}
