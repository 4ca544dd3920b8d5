/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns */
export function arnOf(
  { accountId }: { accountId: string },
  kind: 'user' | 'group' | 'role' | 'policy',
  { path, name }: { path: string; name: string },
): string {
  return `arn:aws:iam::${accountId}:${kind}${path}${name}`
}

export function rootArnOf({ accountId }: { accountId: string }): string {
  return `arn:aws:iam::${accountId}:root`
}

export function sessionArnOf(
  { accountId }: { accountId: string },
  { roleName, sessionName }: { roleName: string; sessionName: string },
): string {
  return `arn:aws:sts::${accountId}:assumed-role/${roleName}/${sessionName}`
}

/** Path and name in the ARN of something of this account, whose account may be left out; null when it is none. */
export function parseArn(
  { accountId }: { accountId: string },
  kind: 'role' | 'policy',
  arn: string,
): { path: string; name: string } | null {
  const rest = [`arn:aws:iam::${accountId}:${kind}/`, `arn:aws:iam:::${kind}/`].find((prefix) => arn.startsWith(prefix))
  if (rest === undefined) return null
  const at = arn.lastIndexOf('/')
  const name = arn.slice(at + 1)
  return name === '' ? null : { path: arn.slice(rest.length - 1, at + 1), name }
}
