const MINUTE_MS = 60_000
const TWO_DIGITS = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, '0'))

let minuteOfText = Number.NaN
/** All of the text before the seconds. */
let textOfMinute = ''

/**
 * `date.toISOString()`, for pages of a thousand dates: what is as old as its neighbour shares all but its seconds with it.
 * RangeError for an invalid date, as there.
 */
export function isoTime(date: Date): string {
  const time = date.getTime()
  const minute = Math.floor(time / MINUTE_MS)
  if (minute !== minuteOfText) {
    textOfMinute = date.toISOString().slice(0, -'00.000Z'.length)
    minuteOfText = minute
  }
  const rest = time - minute * MINUTE_MS
  const millis = rest % 1000
  const padding = millis < 10 ? '00' : millis < 100 ? '0' : ''
  return `${textOfMinute}${TWO_DIGITS[(rest - millis) / 1000]}.${padding}${millis}Z`
}
