import { changeRootKeysInput, installationEncryptionSchema } from '#lib/schemas/installation-encryption.ts'
import { route } from '#lib/server/route.ts'

export const POST = route(
  { permission: 'administrator', body: changeRootKeysInput, output: installationEncryptionSchema },
  ({ service, actor, body }) => service.encryption.changeRootKeys(actor, body),
)
