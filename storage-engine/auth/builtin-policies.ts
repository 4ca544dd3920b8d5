/** A managed policy that every namespace has; its ARN is `arn:aws:iam::aws:policy/<name>`. */
export interface BuiltinPolicy {
  name: string
  description: string
  document: string
}

/**
 * Those of AWS's managed policies that mean something here, with AWS's names.
 * https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
 */
export const BUILTIN_POLICIES: ReadonlyMap<string, BuiltinPolicy> = new Map(
  [
    policy('AdministratorAccess', 'Every action on everything in the namespace.', 'Allow', ['*']),
    policy('AmazonS3FullAccess', 'Every S3 action on every bucket.', 'Allow', ['s3:*']),
    policy('AmazonS3ReadOnlyAccess', 'Reading and listing of every bucket.', 'Allow', ['s3:Get*', 's3:List*']),
    policy('AWSDenyAll', 'Denies every action.', 'Deny', ['*']),
    policy('IAMFullAccess', 'Every IAM action.', 'Allow', ['iam:*']),
    policy('IAMReadOnlyAccess', 'Reading of IAM.', 'Allow', ['iam:Get*', 'iam:List*']),
  ].map((each) => [each.name, each]),
)

export const BUILTIN_POLICY_ARN_PREFIX = 'arn:aws:iam::aws:policy/'

function policy(name: string, description: string, effect: string, actions: string[]): BuiltinPolicy {
  const statement = { Effect: effect, Action: actions, Resource: '*' }
  return { name, description, document: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) }
}
