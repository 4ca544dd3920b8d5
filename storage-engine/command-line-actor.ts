import type { Actor } from '#storage-engine/accounts/actor.ts'

/** Whoever may run commands beside the root key may do everything; the audit says that it was done this way. */
export const COMMAND_LINE: Actor = {
  userId: '00000000-0000-0000-0000-000000000000',
  username: 'command line',
  displayName: 'Command line',
  isAdministrator: true,
  memberships: [],
  address: null,
  requestId: '-',
}
