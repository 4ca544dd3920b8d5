import { installationEncryptionSchema } from '#lib/schemas/installation-encryption.ts'
import { route } from '#lib/server/route.ts'

export const GET = route({ permission: 'administrator', output: installationEncryptionSchema }, ({ service, actor }) =>
  service.encryption.rootKeys(actor),
)
