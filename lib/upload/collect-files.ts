export interface CollectedFile {
  /** With the names of the folders it was found in, separated by slashes. */
  path: string
  file: File
}

/** The files of a file input; of a folder input with their path from the chosen folder on. */
export function filesOfInput(list: Iterable<File>): CollectedFile[] {
  return [...list].map((file) => ({ path: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath, file }))
}

/**
 * The files of a drop, folders walked, as they are found: a large folder uploads while it is still being read.
 * Entries must be taken before the drop event returns, so call this within it; the walk itself goes on after.
 */
export function filesOfDrop(transfer: DataTransfer): AsyncIterable<CollectedFile> {
  const entries = [...transfer.items]
    .filter((item) => item.kind === 'file')
    .flatMap((item) => item.webkitGetAsEntry() ?? [])
  return walkAll(entries)
}

async function* walkAll(entries: readonly FileSystemEntry[]): AsyncGenerator<CollectedFile> {
  for (const entry of entries) {
    if (entry.isFile)
      yield { path: entry.fullPath.replace(/^\//, ''), file: await fileOf(entry as FileSystemFileEntry) }
    else if (entry.isDirectory) yield* walkAll(await childrenOf(entry as FileSystemDirectoryEntry))
  }
}

/** readEntries answers at most 100 at a time, and says it is done with an empty list. */
async function childrenOf(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader()
  const children: FileSystemEntry[] = []
  for (;;) {
    const page = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (page.length === 0) return children
    children.push(...page)
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject))
}
