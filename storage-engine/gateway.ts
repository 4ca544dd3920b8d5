import { runPart } from '#storage-engine/run-part.ts'
import { startS3Server } from '#storage-engine/s3/server.ts'
import { certificateFilesOf, loadTlsOptions, watchCertificate } from '#storage-engine/tls.ts'

/** One S3 gateway; the supervisor starts several, which share the port. */
await runPart('gateway', async (engine) => {
  const { config, log } = engine
  const files = certificateFilesOf(config)
  const server = await startS3Server({ engine, tls: loadTlsOptions(files), port: config.s3Port, host: config.host })
  const endWatch = watchCertificate({ files, onChange: (tls) => server.setSecureContext(tls), log })
  return {
    async close() {
      endWatch()
      await server.close()
    },
  }
})
