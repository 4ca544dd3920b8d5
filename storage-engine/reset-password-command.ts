import { audited } from '#storage-engine/accounts/audited.ts'
import { generatePassword } from '#storage-engine/accounts/generate-password.ts'
import { createPasswordHash } from '#storage-engine/accounts/password-hash.ts'
import { COMMAND_LINE } from '#storage-engine/command-line-actor.ts'
import type { Config } from '#storage-engine/config.ts'
import { StartupError } from '#storage-engine/errors.ts'
import type { Logger } from '#storage-engine/log.ts'
import { findUserByUsername, setPasswordHash } from '#storage-engine/metadata/users.ts'
import { withInstallation } from '#storage-engine/with-installation.ts'

export interface NewPassword {
  username: string
  /** In clear, for this once; only its hash is stored. */
  password: string
}

/**
 * Gives a user of the console of a running installation a new password, and ends the user's sessions.
 * Throws StartupError, which says why nothing was done.
 */
export function runResetPasswordCommand(
  config: Config,
  { user: name, log }: { user: string; log: Logger },
): Promise<NewPassword> {
  return withInstallation(config, log, async (engine) => {
    const username = name.trim().toLowerCase()
    const password = generatePassword()
    const act = { namespaceId: null, action: 'user.reset-password', target: username }
    await audited(engine, COMMAND_LINE, act, async () => {
      const user = await findUserByUsername(engine.db, { username })
      if (user === null) throw new StartupError(`There is no user ${username}. The first one is called admin.`)
      await setPasswordHash(engine.db, { userId: user.id, passwordHash: await createPasswordHash(password) })
    })
    return { username, password }
  })
}

export function formatNewPassword({ username, password }: NewPassword): string {
  return `username\t${username}\npassword\t${password}\n`
}
