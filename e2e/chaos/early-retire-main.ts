import { serveTwin } from '#e2e/chaos/serve-twin.ts'

await serveTwin({ jobs: 'early-retire-jobs.ts' })
