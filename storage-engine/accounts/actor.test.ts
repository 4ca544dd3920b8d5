import { expect, test } from 'vitest'
import { type Actor, permissionsOf, requireAdministrator, requirePermission } from '#storage-engine/accounts/actor.ts'

function actor(overrides: Partial<Actor> = {}): Actor {
  return {
    userId: 'u',
    username: 'ada',
    displayName: 'Ada',
    isAdministrator: false,
    memberships: [
      { namespaceId: 'n1', name: 'acme', displayName: 'Acme', role: 'member', permissions: ['object-storage_read'] },
    ],
    address: null,
    requestId: 'r',
    ...overrides,
  }
}

test('gives owners everything, auditors reading, members what was granted and known', () => {
  expect(permissionsOf('owner', [])).toEqual([
    'object-storage_read',
    'object-storage_write',
    'object-storage_iam_management',
  ])
  expect(permissionsOf('auditor', ['object-storage_write'])).toEqual(['object-storage_read'])
  expect(permissionsOf('member', ['object-storage_write', 'root'])).toEqual(['object-storage_write'])
})

test('finds the membership that grants a permission', () => {
  expect(requirePermission(actor(), 'acme', 'object-storage_read').namespaceId).toBe('n1')
})

test('answers AccessDenied to a member without the permission', () => {
  expect(() => requirePermission(actor(), 'acme', 'object-storage_write')).toThrow(
    expect.objectContaining({ code: 'AccessDenied' }),
  )
})

test('answers NoSuchNamespace to a stranger, whether the namespace exists or not', () => {
  expect(() => requirePermission(actor(), 'other', 'object-storage_read')).toThrow(
    expect.objectContaining({ code: 'NoSuchNamespace' }),
  )
})

test('shows no tenant data to a service administrator who is no member', () => {
  const administrator = actor({ isAdministrator: true, memberships: [] })
  expect(() => requirePermission(administrator, 'acme', 'object-storage_read')).toThrow(
    expect.objectContaining({ code: 'AccessDenied' }),
  )
})

test('lets only administrators administer', () => {
  expect(() => requireAdministrator(actor())).toThrow(expect.objectContaining({ code: 'AccessDenied' }))
  expect(() => requireAdministrator(actor({ isAdministrator: true }))).not.toThrow()
})
