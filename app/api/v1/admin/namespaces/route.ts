import {
  createNamespaceInput,
  listNamespacesQuery,
  namespacePageSchema,
  namespaceSchema,
} from '#lib/schemas/namespaces.ts'
import { route } from '#lib/server/route.ts'

export const GET = route(
  { permission: 'administrator', query: listNamespacesQuery, output: namespacePageSchema },
  ({ service, actor, query }) => service.namespaces.list(actor, query),
)

export const POST = route(
  { permission: 'administrator', body: createNamespaceInput, output: namespaceSchema, status: 201 },
  ({ service, actor, body }) => service.namespaces.create(actor, body),
)
