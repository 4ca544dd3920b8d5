import { activitySchema } from '#lib/schemas/activities.ts'
import { route } from '#lib/server/route.ts'

export const GET = route({ permission: 'object-storage_read', output: activitySchema }, ({ service, actor, param }) =>
  service.activities.get(actor, { namespace: param('ns'), id: param('id') }),
)
