import { preflightInput, preflightSchema } from '#lib/schemas/objects.ts'
import { route } from '#lib/server/route.ts'

export const POST = route(
  { permission: 'object-storage_write', body: preflightInput, output: preflightSchema },
  ({ service, actor, param, body }) =>
    service.objects.preflight(actor, {
      namespace: param('ns'),
      bucket: param('bucket'),
      keys: body.names.map(({ key }) => key),
    }),
)
