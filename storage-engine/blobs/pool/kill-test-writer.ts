import { randomInt, randomUUID } from 'node:crypto'
import { writeSync } from 'node:fs'
import { openPool } from '#storage-engine/blobs/pool/open-pool.ts'
import { newId } from '#storage-engine/ids.ts'

/** Child of kill.test.ts: stores blobs until it is killed and states each one only once it was acknowledged. */
const WRITERS = 32
const [path = '', clusterId = ''] = process.argv.slice(2)
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
const pool = await openPool({
  nodes: [path],
  redundancy: 'single',
  clusterId,
  log: quiet,
  smallObjectBytes: 262_144,
  nodeFullPercent: 100,
  initialize: false,
  ballastBytes: 0,
})

await Promise.all(Array.from({ length: WRITERS }, writeForever))

async function writeForever(): Promise<never> {
  for (;;) {
    const size = randomInt(20) === 0 ? randomInt(300_000, 600_000) : randomInt(100, 20_000)
    const fill = randomInt(256)
    const owner = { namespaceId: randomUUID(), bucketId: randomUUID(), versionId: randomUUID(), partNumber: 0, form: 0 }
    const writer = pool.create({ blobId: newId(), size, owner })
    await writer.write(Buffer.alloc(size, fill))
    const ref = await writer.commit()
    writeSync(1, `${JSON.stringify({ ...ref, size, fill })}\n`)
  }
}
