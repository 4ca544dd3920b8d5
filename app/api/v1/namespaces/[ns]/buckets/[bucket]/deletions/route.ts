import { deletionInput, deletionSchema } from '#lib/schemas/objects.ts'
import { route } from '#lib/server/route.ts'

export const POST = route(
  {
    permission: 'object-storage_write',
    body: deletionInput,
    output: deletionSchema,
    status: ({ activity }) => (activity.state === 'running' ? 202 : 200),
  },
  ({ service, actor, param, body }) =>
    service.deletions.start(actor, { namespace: param('ns'), bucket: param('bucket'), ...body }),
)
