import { z } from 'zod'
import { permissionSchema, roleSchema } from '#lib/schemas/permissions.ts'

export const signInInput = z.object({
  username: z.string().trim().min(1).max(100),
  password: z.string().min(1).max(1024),
})

/** GET /api/v1/session: who is signed in, and where they may go. */
export const sessionSchema = z.object({
  user: z.object({
    id: z.uuid(),
    username: z.string(),
    displayName: z.string(),
    isAdministrator: z.boolean(),
  }),
  namespaces: z.array(
    z.object({
      name: z.string(),
      displayName: z.string(),
      role: roleSchema,
      permissions: z.array(permissionSchema),
    }),
  ),
})
export type Session = z.infer<typeof sessionSchema>
