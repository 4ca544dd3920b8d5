import { changeNamedKeyInput } from '#lib/schemas/named-keys.ts'
import { route } from '#lib/server/route.ts'

export const POST = route(
  { permission: 'administrator', body: changeNamedKeyInput },
  async ({ service, actor, param, body }) => {
    const { change, name, days } = body
    await service.namedKeys[change](actor, { namespace: param('ns'), name, days })
  },
)
