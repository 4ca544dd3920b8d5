import { sessionSchema } from '#lib/schemas/session.ts'
import { route } from '#lib/server/route.ts'

export const GET = route({ permission: 'signed-in', output: sessionSchema }, async ({ service, actor }) =>
  service.sessions.describe(actor),
)
