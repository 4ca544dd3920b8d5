import { z } from 'zod'

export const ROLES = ['owner', 'member', 'auditor'] as const
export const roleSchema = z.enum(ROLES)
export type Role = z.infer<typeof roleSchema>

export const PERMISSIONS = ['object-storage_read', 'object-storage_write', 'object-storage_iam_management'] as const
export const permissionSchema = z.enum(PERMISSIONS)
export type Permission = z.infer<typeof permissionSchema>
