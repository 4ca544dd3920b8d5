import { runPart } from '#storage-engine/run-part.ts'
import { startS3Server } from '#storage-engine/s3/server.ts'
import { certificateFilesOf, loadTlsOptions } from '#storage-engine/tls.ts'

/** The condition of the commit's statement by which ENC-1 holds. */
const CHECK = `n.encryption_epoch <> i.epoch or (n.encryption_mode = 'on' and i.cipher = 0)`

/**
 * A gateway with a planted bug: its commits do not ask whether the switch was thrown since their bytes were prepared. The
 * flip experiment has to find it out.
 */
await runPart('gateway', async (engine) => {
  for (const connection of engine.db.hot) {
    const query = connection.query.bind(connection)
    connection.query = (statement, options) => {
      if (statement.name.startsWith('commit') && !statement.text.includes(CHECK))
        throw new Error('The check is elsewhere now')
      return query({ ...statement, text: statement.text.replace(CHECK, 'false') }, options)
    }
  }
  const tls = loadTlsOptions(certificateFilesOf(engine.config))
  return startS3Server({ engine, tls, port: engine.config.s3Port, host: engine.config.host })
})
