import { deletionInput, deletionPreviewSchema } from '#lib/schemas/objects.ts'
import { route } from '#lib/server/route.ts'

export const POST = route(
  { permission: 'object-storage_write', body: deletionInput, output: deletionPreviewSchema },
  ({ service, actor, param, body }) =>
    service.deletions.preview(actor, { namespace: param('ns'), bucket: param('bucket'), ...body }),
)
