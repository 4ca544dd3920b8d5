import { changeMigrationInput, namespaceEncryptionSchema } from '#lib/schemas/encryption.ts'
import { route } from '#lib/server/route.ts'

export const POST = route(
  { permission: 'administrator', body: changeMigrationInput, output: namespaceEncryptionSchema },
  ({ service, actor, param, body }) => service.encryption.changeMigration(actor, { namespace: param('ns'), ...body }),
)
