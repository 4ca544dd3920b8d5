import { StorageError } from '#storage-engine/errors.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (RequestTimeTooSkewed) */
export const CLOCK_SKEW_MAX_MS = 15 * 60 * 1000

const BASIC_ISO = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/

let lastText = '19700101T000000Z'
let lastTime = 0

/** Milliseconds since the epoch of `20130524T000000Z`; null when it is no such date. Remembers the last one, as all clients share the second. */
export function parseAmzDate(text: string): number | null {
  if (text === lastText) return lastTime
  const fields = BASIC_ISO.exec(text)
  if (fields === null) return null
  const [year, month, day, hour, minute, second] = fields.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const time = Date.UTC(year, month - 1, day, hour, minute, second)
  if (formatAmzDate(time) !== text) return null
  lastText = text
  lastTime = time
  return time
}

/** `20130524T000000Z` */
function formatAmzDate(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}

/** Throws RequestTimeTooSkewed unless the request was signed within 15 minutes of now, on either side. */
export function checkSkew(requestTime: number, now: number): void {
  if (Math.abs(now - requestTime) <= CLOCK_SKEW_MAX_MS) return
  throw new StorageError('RequestTimeTooSkewed', {
    extra: {
      RequestTime: formatAmzDate(requestTime),
      ServerTime: new Date(now).toISOString(),
      MaxAllowedSkewMilliseconds: String(CLOCK_SKEW_MAX_MS),
    },
  })
}
