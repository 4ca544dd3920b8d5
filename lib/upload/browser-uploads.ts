import { fetchJson } from '#lib/fetch-json.ts'
import { type Preflight, preflightSchema } from '#lib/schemas/objects.ts'
import { createChecksum } from '#lib/upload/checksum.ts'
import type { CollectedFile } from '#lib/upload/collect-files.ts'
import { createLanes } from '#lib/upload/lanes.ts'
import { joinKey } from '#lib/upload/object-key.ts'
import { sleep } from '#lib/upload/retry.ts'
import { sendByXhr } from '#lib/upload/transport.ts'
import { type BucketAddress, FILES_AT_ONCE } from '#lib/upload/upload-queue.ts'
import { createUploadStore } from '#lib/upload/upload-store.ts'

const FILES_TAKEN_AT_ONCE = 500

/** The uploads of this tab: outside React, so that they survive every navigation. */
export const uploads = createUploadStore({
  transport: sendByXhr,
  checksum: createChecksum(),
  lanes: createLanes(FILES_AT_ONCE),
  random: Math.random,
  sleep,
  preflight,
})

function preflight({ namespace, bucket }: BucketAddress, names: { key: string; size: number }[]): Promise<Preflight> {
  const url = `/api/v1/namespaces/${encodeURIComponent(namespace)}/buckets/${encodeURIComponent(bucket)}/uploads/preflight`
  return fetchJson(url, { method: 'POST', body: { names }, schema: preflightSchema })
}

/** Takes files in while they are still being found; answers how many there were. */
export async function addFiles(
  target: BucketAddress & { prefix: string },
  found: Iterable<CollectedFile> | AsyncIterable<CollectedFile>,
): Promise<number> {
  const { prefix, ...address } = target
  const batch = uploads.queue.newBatch()
  let waiting: { key: string; file: File }[] = []
  let count = 0
  const takeIn = () => {
    uploads.queue.add(address, batch, waiting)
    waiting = []
  }
  try {
    for await (const { path, file } of found) {
      waiting.push({ key: joinKey(prefix, path), file })
      uploads.setReading(++count)
      if (waiting.length === FILES_TAKEN_AT_ONCE) takeIn()
    }
  } finally {
    uploads.setReading(null)
    takeIn()
  }
  return count
}

/** Follows the network and guards the tab against closing while uploads run. Returns how to stop. */
export function watchBrowser(): () => void {
  const follow = () => uploads.queue.setOnline(navigator.onLine)
  const guard = (event: BeforeUnloadEvent) => {
    const { summary } = uploads.getSnapshot()
    if (summary.activeCount + summary.checkingCount > 0) event.preventDefault()
  }
  window.addEventListener('online', follow)
  window.addEventListener('offline', follow)
  window.addEventListener('beforeunload', guard)
  return () => {
    window.removeEventListener('online', follow)
    window.removeEventListener('offline', follow)
    window.removeEventListener('beforeunload', guard)
  }
}
