import { COMMAND_LINE } from '#storage-engine/command-line-actor.ts'
import type { Config } from '#storage-engine/config.ts'
import type { Logger } from '#storage-engine/log.ts'
import { createWebhook, listWebhooks, removeWebhook, retryDeliveries } from '#storage-engine/service/webhooks.ts'
import { withInstallation } from '#storage-engine/with-installation.ts'

export interface WebhooksCommand {
  namespace: string
  /** What to do; null only lists. */
  act: { verb: 'create'; name: string; url: string } | { verb: 'delete'; name: string } | { verb: 'retry' } | null
}

export interface WebhooksResult {
  webhooks: Awaited<ReturnType<typeof listWebhooks>>
  /** Of the webhook that was created; shown only now. */
  secret: string | null
}

/**
 * Changes the webhooks of a namespace of a running installation, and resolves to them as they are then.
 * Throws StartupError, which says why nothing was done.
 */
export function runWebhooksCommand(
  config: Config,
  { namespace, act, log }: WebhooksCommand & { log: Logger },
): Promise<WebhooksResult> {
  return withInstallation(config, log, async (engine) => {
    let secret: string | null = null
    if (act?.verb === 'create') secret = (await createWebhook(engine, COMMAND_LINE, { namespace, ...act })).secret
    else if (act?.verb === 'delete') await removeWebhook(engine, COMMAND_LINE, { namespace, name: act.name })
    else if (act?.verb === 'retry') await retryDeliveries(engine, COMMAND_LINE, { namespace })
    return { webhooks: await listWebhooks(engine, COMMAND_LINE, { namespace }), secret }
  })
}

/** A line a webhook: ARN and URL; before them the secret of a new one. */
export function formatWebhooks({ webhooks, secret }: WebhooksResult): string {
  const lines = webhooks.map(({ arn, url }) => `${arn}\t${url}\n`)
  return (secret === null ? '' : `secret\t${secret}\n`) + lines.join('')
}
