import { setDefaultHighWaterMark } from 'node:stream'
import { createIamDoor } from '#storage-engine/iam/door.ts'
import { runPart } from '#storage-engine/run-part.ts'
import { startS3Server } from '#storage-engine/s3/server.ts'
import { certificateFilesOf, loadTlsOptions, watchCertificate } from '#storage-engine/tls.ts'

/**
 * What a connection reads ahead while nobody takes it: with Node's own 64 KiB a thousand waiting uploads would hold 130 MiB.
 * Bodies that flow never wait there.
 */
const READ_AHEAD_BYTES = 16_384

setDefaultHighWaterMark(false, READ_AHEAD_BYTES)

/** One S3 gateway; the supervisor starts several, which share the port. */
await runPart('gateway', async (engine) => {
  const { config, log } = engine
  const files = certificateFilesOf(config)
  const server = await startS3Server({
    engine,
    tls: loadTlsOptions(files),
    port: config.s3Port,
    host: config.host,
    queryApi: createIamDoor(engine),
  })
  const endWatch = watchCertificate({ files, onChange: (tls) => server.setSecureContext(tls), log })
  return {
    async close() {
      endWatch()
      await server.close()
    },
  }
})
