import { signedDocumentSchema } from '#lib/schemas/encryption.ts'
import { route } from '#lib/server/route.ts'

export const GET = route({ permission: 'administrator', output: signedDocumentSchema }, ({ service, actor, param }) =>
  service.encryption.shredRecord(actor, { namespace: param('ns') }),
)
