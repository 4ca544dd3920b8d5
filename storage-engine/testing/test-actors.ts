import type { Actor } from '#storage-engine/accounts/actor.ts'

/** Of no namespace, and of no row: services take whoever the console says it is. */
export const ADMINISTRATOR: Actor = {
  userId: '01900000-0000-7000-8000-000000000009',
  username: 'someone',
  displayName: 'Someone',
  isAdministrator: true,
  memberships: [],
  address: null,
  requestId: 'r',
}
