/** By the kind of a notification's target: a webhook stands for a topic, a queue or a function, whatever a client speaks of. */
const SERVICES = { topic: 'sns', queue: 'sqs', function: 'lambda' } as const

export const WEBHOOK_NAME = /^[A-Za-z0-9_-]{1,64}$/

/** `arn:aws:sns:<region>:<namespace>:<name>`, or `…:lambda:<region>:<namespace>:function:<name>`. */
export function webhookArn({
  kind,
  region,
  namespaceName,
  name,
}: {
  kind: keyof typeof SERVICES
  region: string
  namespaceName: string
  name: string
}): string {
  return `arn:aws:${SERVICES[kind]}:${region}:${namespaceName}:${kind === 'function' ? 'function:' : ''}${name}`
}

/** The webhook that an ARN names; null when it is no such ARN, or one of another region or namespace. */
export function webhookNameOf(
  { kind, arn }: { kind: keyof typeof SERVICES; arn: string },
  { region, namespaceName }: { region: string; namespaceName: string },
): string | null {
  const name = arn.slice(arn.lastIndexOf(':') + 1)
  return WEBHOOK_NAME.test(name) && arn === webhookArn({ kind, region, namespaceName, name }) ? name : null
}
