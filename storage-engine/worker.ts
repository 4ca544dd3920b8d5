import { startJobs } from '#storage-engine/jobs/runner.ts'
import { runPart } from '#storage-engine/run-part.ts'

/** The background work of the installation: one process is enough, several take turns. */
await runPart('jobs', startJobs)
