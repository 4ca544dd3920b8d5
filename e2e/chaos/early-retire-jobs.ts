import { type Job, startJobs } from '#storage-engine/jobs/runner.ts'
import { destroyDeadTokens } from '#storage-engine/namespaces/namespace-keys.ts'
import { runPart } from '#storage-engine/run-part.ts'

const RETIRE = `update namespace_keys set state = 'retired', wrapped_key = null, retired_at = now() where state = 'decrypt-only'`

/**
 * Jobs with a planted bug: a version of a namespace's key is retired once there is a newer one, whatever it still wraps. The
 * rotation experiment has to find it out.
 */
const retireEarly: Job = {
  name: 'retire-early',
  intervalSeconds: 0.1,
  async run(engine) {
    await engine.db.query({ name: 'retire-early', text: RETIRE, values: [] })
    return `${await destroyDeadTokens(engine)} versions retired early`
  },
}

await runPart('jobs', async (engine) => {
  const [jobs, bug] = [await startJobs(engine), await startJobs(engine, [retireEarly])]
  return { close: async () => void (await Promise.all([jobs.close(), bug.close()])) }
})
