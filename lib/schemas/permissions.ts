import { z } from 'zod'

const ROLES = ['owner', 'member', 'auditor'] as const
export const roleSchema = z.enum(ROLES)

const PERMISSIONS = ['object-storage_read', 'object-storage_write', 'object-storage_iam_management'] as const
export const permissionSchema = z.enum(PERMISSIONS)
