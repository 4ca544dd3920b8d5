type NoValues = Record<string, never>

/** The values of each notice. A moment is written as in ISO 8601. */
interface NoticeValues {
  /** Another setting of the switch ended a migration. */
  'switch-thrown-again': NoValues
  'namespace-shredded': NoValues
  /** A migration left them as they are. */
  'blobs-unreadable': { count: number }
  /** Work waits for something and is tried again. `error` is a code, `text` what the error said. */
  interrupted: { error: string; text: string }
  /** Work has ended with an error. */
  failed: { error: string; text: string }
  'keys-destroyed': NoValues
  /** A re-wrapping left them as they are. */
  'keys-unreadable': { count: number }
  'legal-hold': { bucket: string }
  /** In COMPLIANCE mode. */
  'locked-until': { bucket: string; until: string }
  'version-active': NoValues
  'version-in-use': { version: number; count: number }
  'root-key-active': NoValues
  'root-key-in-use': { count: number }
  /** Something may still be found that only this root key opens. */
  'root-key-uncertain': NoValues
  'root-key-needed-until': { until: string }
  'shred-scheduled': NoValues
  'no-shred-scheduled': NoValues
}

export type NoticeCode = keyof NoticeValues

/** What the service tells people of its work, or why it refuses: the console says it in the reader's language. */
export type Notice = { [Code in NoticeCode]: { code: Code; values: NoticeValues[Code] } }[NoticeCode]

const ENGLISH: { [Code in NoticeCode]: (values: NoticeValues[Code]) => string } = {
  'switch-thrown-again': () => 'The switch was thrown again.',
  'namespace-shredded': () => 'The namespace is being shredded.',
  'blobs-unreadable': ({ count }) =>
    `${count === 1 ? 'One blob' : `${count} blobs`} could not be read and ${count === 1 ? 'stays as it is. The log names it' : 'stay as they are. The log names them'}.`,
  interrupted: ({ text }) => text,
  failed: ({ text }) => text,
  'keys-destroyed': () => 'The keys of the namespace are destroyed.',
  'keys-unreadable': ({ count }) =>
    count === 1 ? 'One key does not open, and stays as it is.' : `${count} keys do not open, and stay as they are.`,
  'legal-hold': ({ bucket }) => `Objects in the bucket ${bucket} are under a legal hold.`,
  'locked-until': ({ bucket, until }) =>
    `Objects in the bucket ${bucket} are locked until ${until} in COMPLIANCE mode.`,
  'version-active': () => 'This is the active version: rotate the key first.',
  'version-in-use': ({ version, count }) =>
    `${count === 1 ? 'One key is' : `${count} keys are`} wrapped by version ${version}: wrap them under the newest version first.`,
  'root-key-active': () => 'This is the active root key: rotate it first.',
  'root-key-in-use': ({ count }) =>
    count === 1
      ? 'One key or secret opens only with this root key; it is being wrapped again.'
      : `${count} keys and secrets open only with this root key; they are being wrapped again.`,
  'root-key-uncertain': () => 'Not everything is known to be under the active root key yet.',
  'root-key-needed-until': ({ until }) => `Session tokens that this root key protects may be in use until ${until}.`,
  'shred-scheduled': () => 'The keys of this namespace are to be destroyed already.',
  'no-shred-scheduled': () => 'No destruction is scheduled that could be taken back.',
}

export const NOTICE_CODES = Object.keys(ENGLISH) as NoticeCode[]

/** For whoever does not translate: the log, the terminal, `message` of the API. */
export function englishOf({ code, values }: Notice): string {
  return (ENGLISH[code] as (values: Notice['values']) => string)(values)
}

/** As a row keeps it. */
export function storeNotice(notice: Notice | null): string | null {
  return notice === null ? null : JSON.stringify(notice)
}

export interface Told {
  /** In English. */
  message: string | null
  /** Null when there is nothing to tell, or only a sentence: rows of the first releases have no more. */
  notice: Notice | null
}

/** What `storeNotice` made of a notice; any other text is a message. */
export function readNotice(stored: string | null): Told {
  const notice = stored === null ? null : parse(stored)
  return notice === null ? { message: stored, notice } : { message: englishOf(notice), notice }
}

function parse(stored: string): Notice | null {
  if (!stored.startsWith('{')) return null
  try {
    const { code, values } = JSON.parse(stored) as Notice
    return Object.hasOwn(ENGLISH, code) && typeof values === 'object' && values !== null
      ? ({ code, values } as Notice)
      : null
  } catch {
    return null
  }
}
