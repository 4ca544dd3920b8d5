const IPV4_ADDRESS = /^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(?=\d)|$)){4}$/

/**
 * The naming rules of S3 general purpose buckets, one by one, so that a form can tick them while a name is typed.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export const BUCKET_NAME_RULES = [
  { id: 'length', holds: (name: string) => name.length >= 3 && name.length <= 63 },
  { id: 'characters', holds: (name: string) => /^[a-z0-9.-]+$/.test(name) },
  { id: 'ends', holds: (name: string) => /^[a-z0-9]/.test(name) && /[a-z0-9]$/.test(name) },
  { id: 'dots', holds: (name: string) => !name.includes('..') && !name.includes('.-') && !name.includes('-.') },
  { id: 'address', holds: (name: string) => !IPV4_ADDRESS.test(name) },
  {
    id: 'reserved',
    holds: (name: string) =>
      !['xn--', 'sthree-', 'amzn-s3-demo-'].some((prefix) => name.startsWith(prefix)) &&
      !['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'].some((suffix) => name.endsWith(suffix)),
  },
] as const satisfies { id: string; holds: (name: string) => boolean }[]

export type BucketNameRule = (typeof BUCKET_NAME_RULES)[number]['id']

/** The rules that `name` breaks; empty when it is a valid name. */
export function brokenBucketNameRules(name: string): BucketNameRule[] {
  return BUCKET_NAME_RULES.filter((rule) => !rule.holds(name)).map((rule) => rule.id)
}
