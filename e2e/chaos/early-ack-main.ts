import { serveTwin } from '#e2e/chaos/serve-twin.ts'

await serveTwin({ gateway: 'early-ack-gateway.ts' })
