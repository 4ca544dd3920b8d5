import { signedDocumentSchema } from '#lib/schemas/encryption.ts'
import { route } from '#lib/server/route.ts'

export const GET = route(
  { permission: 'administrator', output: signedDocumentSchema },
  async ({ service, actor, param }) => {
    const record = await service.encryption.shredRecord(actor, { namespace: param('ns') })
    return signedDocumentSchema.parse(record)
  },
)
