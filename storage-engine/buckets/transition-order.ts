/**
 * S3's waterfall: an object moves from a class to those below it, never back.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
 */
const WATERFALL = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'INTELLIGENT_TIERING',
  'ONEZONE_IA',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
]

/** Whether AWS knows the class, so that AWS's rules for it hold. */
export function isAwsClass(name: string): boolean {
  return WATERFALL.includes(name)
}

/** Whether a lifecycle rule may move an object; an installation's own classes have no order. */
export function mayTransition(from: string, to: string): boolean {
  if (from === to) return false
  if (!isAwsClass(from) || !isAwsClass(to)) return true
  if (from === 'ONEZONE_IA' && to === 'GLACIER_IR') return false
  return WATERFALL.indexOf(from) < WATERFALL.indexOf(to)
}
