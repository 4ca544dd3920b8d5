/** A policy that lets everybody read the objects of the bucket `bkt`, with its statement changed. */
export function policyOf(change: object = {}): string {
  const statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bkt/*' }
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, ...change }] })
}
