import type { LoadOperation } from '#bench/load-spec.ts'

/** One measurement: an operation on objects of one size by so many clients at once. */
export interface Cell {
  operation: Exclude<LoadOperation, 'PART'> | 'MULTIPART'
  /** Bytes of an object; for LIST, keys a page. */
  size: number
  clients: number
  /** Of a listing. */
  delimiter?: true
}

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
const SIZES = [4 * KIB, 64 * KIB, MIB, 64 * MIB]
const CLIENTS = [1, 16, 64, 256]
const LIST_PAGE = 1000
const UNITS: Record<string, number> = { '': 1, k: KIB, m: MIB, g: GIB }

/** Everything that performance.md §3 asks for. */
export function allCells(): Cell[] {
  const grid = (operation: Cell['operation'], sizes: number[]) =>
    sizes.flatMap((size) => CLIENTS.map((clients) => ({ operation, size, clients })))
  return [
    ...grid('PUT', SIZES),
    ...grid('GET', SIZES),
    ...grid('HEAD', [4 * KIB]),
    ...grid('DELETE', [4 * KIB, MIB]),
    ...grid('LIST', [LIST_PAGE]),
    ...grid('LIST', [LIST_PAGE]).map((cell) => ({ ...cell, delimiter: true as const })),
    { operation: 'MIXED', size: 64 * KIB, clients: 64 },
    { operation: 'CONNECT', size: 4 * KIB, clients: 16 },
    { operation: 'MULTIPART', size: GIB, clients: 8 },
  ].filter(({ size, clients }) => size * clients <= 4 * GIB || size === GIB) as Cell[]
}

/** The cells that the committed figures name, one of each, for a quick look. */
export function quickCells(): Cell[] {
  return parseCells(
    'put:4k:1,put:4k:64,get:4k:64,head:4k:64,put:64k:64,get:64k:64,put:1m:16,get:1m:16,put:64m:16,get:64m:16,' +
      'delete:4k:64,list:1000:1,list:1000:16,list/:1000:16,connect:4k:16,mixed:64k:64',
  )
}

/** Sizes of objects that fill a drive, each once. */
export function largeSizesOf(cells: Cell[]): number[] {
  const sizes = cells.filter(({ operation }) => operation !== 'LIST').map(({ size }) => size)
  return [...new Set(sizes)].filter((size) => size >= MIB)
}

/** `put:4k:64,get:1m:16,list:1000:1,list/:1000:16`; a slash after `list` asks for a delimiter. Throws on anything else. */
export function parseCells(text: string): Cell[] {
  return text.split(',').map((word) => {
    const [, name = '', slash = '', number = '', unit = '', clients = ''] =
      /^([a-z]+)(\/?):(\d+)([kmg]?):(\d+)$/.exec(word.trim().toLowerCase()) ?? []
    const operation = name.toUpperCase() as Cell['operation']
    const known = ['PUT', 'GET', 'HEAD', 'DELETE', 'LIST', 'MIXED', 'CONNECT', 'MULTIPART'].includes(operation)
    if (!known || (slash !== '' && operation !== 'LIST')) {
      throw new Error(`${word} is no cell: write operation:size:clients, such as put:4k:64`)
    }
    const cell = { operation, size: Number(number) * (UNITS[unit] ?? 1), clients: Number(clients) }
    return slash === '' ? cell : { ...cell, delimiter: true }
  })
}

/** `PUT 4 KiB × 64`, `LIST 1000 / × 16`. */
export function nameOf({ operation, size, clients, delimiter }: Cell): string {
  const what = operation === 'LIST' ? `${size}${delimiter ? ' by /' : ''}` : sizeName(size)
  return `${operation} ${what} × ${clients}`
}

function sizeName(size: number): string {
  if (size >= GIB) return `${size / GIB} GiB`
  if (size >= MIB) return `${size / MIB} MiB`
  if (size >= KIB) return `${size / KIB} KiB`
  return `${size} B`
}
