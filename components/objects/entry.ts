import type { Folder, ObjectPage, StoredObject } from '#lib/schemas/objects.ts'

/** A row of the grid. `id` tells a folder from an object: a key may end with a slash too. */
export type Entry =
  | { kind: 'folder'; id: string; name: string; folder: Folder }
  | { kind: 'object'; id: string; name: string; object: StoredObject }

/** The rows of all loaded pages, in the server's order. */
export function entriesOf(pages: readonly ObjectPage[]): Entry[] {
  return pages.flatMap((page) => [
    ...page.folders.map(
      (folder): Entry => ({ kind: 'folder', id: `folder:${folder.prefix}`, name: folder.name, folder }),
    ),
    ...page.objects.map((object): Entry => ({ kind: 'object', id: `object:${object.key}`, name: object.name, object })),
  ])
}

/** What a selection names, as the deletion routes want it. */
export function namesOf(entries: readonly Entry[]): { keys: string[]; prefixes: string[] } {
  return {
    keys: entries.flatMap((entry) => (entry.kind === 'object' ? [entry.object.key] : [])),
    prefixes: entries.flatMap((entry) => (entry.kind === 'folder' ? [entry.folder.prefix] : [])),
  }
}
