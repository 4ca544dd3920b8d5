import { constants } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type FileSystem, operatingSystem } from '#storage-engine/blobs/pool/file-system.ts'
import { openPool } from '#storage-engine/blobs/pool/open-pool.ts'
import { runPart } from '#storage-engine/run-part.ts'
import { startS3Server } from '#storage-engine/s3/server.ts'
import { certificateFilesOf, loadTlsOptions } from '#storage-engine/tls.ts'

/**
 * A gateway with a planted bug: its file system says "written" while the bytes are still in the process, as a store
 * would that answers before its data is durable. The kill experiment has to find it out.
 */
await runPart('gateway', async (engine) => {
  const { config, clusterId, log } = engine
  const { nodes, redundancy, smallObjectBytes, nodeFullPercent } = config
  const pool = { nodes, redundancy, clusterId, log, smallObjectBytes, nodeFullPercent, initialize: false }
  const blobs = await openPool({ ...pool, files: writeLate(operatingSystem) })
  const tls = loadTlsOptions(certificateFilesOf(config))
  return startS3Server({ engine: { ...engine, blobs }, tls, port: config.s3Port, host: config.host })
})

function writeLate(files: FileSystem): FileSystem {
  const latenessMs = 400
  const pending = new Map<number, Set<Promise<void>>>()
  const settled = (fd: number) => Promise.all(pending.get(fd) ?? [])
  return {
    ...files,
    // The copies below are not aligned, so the page cache has to take them.
    open: (path, flags) => files.open(path, flags & ~(constants.O_DIRECT | constants.O_DSYNC)),
    async write(fd, bytes, position) {
      const copy = Buffer.from(bytes)
      const written = delay(latenessMs).then(() => files.write(fd, copy, position))
      const writes = pending.get(fd) ?? new Set()
      pending.set(fd, writes.add(written))
      written.then(() => writes.delete(written)).catch(() => process.exit(1))
    },
    sync: async () => {},
    async truncate(fd, size) {
      await settled(fd)
      await files.truncate(fd, size)
    },
    async close(fd) {
      settled(fd)
        .then(() => files.close(fd))
        .catch(() => process.exit(1))
    },
  }
}
