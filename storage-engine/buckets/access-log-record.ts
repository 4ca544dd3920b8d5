/** What a server access log says of one request. Null is what is unknown, or does not apply. */
export interface AccessLogRecord {
  bucketName: string
  /** Milliseconds since the epoch. */
  receivedAt: number
  remoteIp: string | null
  /** Canonical id of an object user, ARN of a storage account or a role session. */
  requester: string | null
  requestId: string
  /** `REST.PUT.OBJECT` */
  operation: string
  key: string | null
  request: { method: string; target: string } | null
  status: number | null
  errorCode: string | null
  /** Of the body. */
  bytesSent: number | null
  objectSize: number | null
  totalMs: number | null
  /** From the last byte of the request to the first one of the answer. */
  turnAroundMs: number | null
  referer: string | null
  userAgent: string | null
  versionId: string | null
  hostId: string | null
  signatureVersion: 'SigV2' | 'SigV4' | null
  cipherSuite: string | null
  authType: 'AuthHeader' | 'QueryString' | 'HtmlForm' | null
  hostHeader: string | null
  tlsVersion: string | null
  isAclRequired: boolean
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const UNSAFE_IN_QUOTES = /[^\x20-\x7e]|["\\]/g
const UNSAFE_IN_FIELD = /[^\x21-\x7e]|["\\]/g
const NOT_IN_PATH = /[^A-Za-z0-9\-._~/!$&()*+,:;=@]/gu
const REDACTED = 'REDACTED'
/** Parameters of presigned requests whose values must not be read again, in lower case. */
const SECRET_PARAMETERS: ReadonlySet<string> = new Set([
  'signature',
  'x-amz-signature',
  'x-amz-security-token',
  'x-amz-server-side-encryption-customer-key',
  'x-amz-copy-source-server-side-encryption-customer-key',
])

/**
 * A record as S3 writes it, without the bucket's owner, which stands before it, and without the line feed behind it. ASCII.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
 */
export function accessLogFields(record: AccessLogRecord): string {
  const { request } = record
  return [
    record.bucketName,
    `[${timeText(record.receivedAt)}]`,
    field(record.remoteIp),
    field(record.requester),
    record.requestId,
    record.operation,
    record.key === null ? '-' : encodeKey(record.key),
    quoted(request === null ? null : `${request.method} ${redactTarget(request.target)} HTTP/1.1`),
    number(record.status),
    field(record.errorCode),
    // Zero bytes are written as none.
    number(record.bytesSent === 0 ? null : record.bytesSent),
    number(record.objectSize),
    number(record.totalMs),
    number(record.turnAroundMs),
    quoted(record.referer === null ? null : redactTarget(record.referer)),
    quoted(record.userAgent),
    field(record.versionId),
    field(record.hostId),
    field(record.signatureVersion),
    field(record.cipherSuite),
    field(record.authType),
    field(record.hostHeader),
    field(record.tlsVersion),
    // There are no access points.
    '-',
    record.isAclRequired ? 'Yes' : '-',
  ].join(' ')
}

/** `06/Feb/2019:00:00:38 +0000` */
function timeText(milliseconds: number): string {
  const iso = new Date(milliseconds).toISOString()
  const month = MONTHS[Number(iso.slice(5, 7)) - 1]
  return `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`
}

/** What a client chose must neither end its field nor its record. */
function field(text: string | null): string {
  return text === null || text === '' ? '-' : text.replace(UNSAFE_IN_FIELD, percentOf)
}

function quoted(text: string | null): string {
  return text === null || text === '' ? '"-"' : `"${text.replace(UNSAFE_IN_QUOTES, percentOf)}"`
}

function number(value: number | null): string {
  return value === null ? '-' : String(Math.round(value))
}

/** Percent-encoded like a path, so that it is one word whatever it holds. A lone surrogate becomes U+FFFD. */
function encodeKey(key: string): string {
  return key.replace(NOT_IN_PATH, (char) => [...Buffer.from(char, 'utf8')].map(percentByte).join(''))
}

/** Headers and targets hold one character a byte. */
function percentOf(char: string): string {
  return percentByte(char.charCodeAt(0))
}

function percentByte(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

/** A request target, or a whole URL, without the values of its query that grant something. */
export function redactTarget(target: string): string {
  const at = target.indexOf('?')
  if (at === -1) return target
  const parameters = target.slice(at + 1).split('&')
  return `${target.slice(0, at)}?${parameters.map(redactParameter).join('&')}`
}

function redactParameter(parameter: string): string {
  const at = parameter.indexOf('=')
  if (at === -1) return parameter
  const name = parameter.slice(0, at)
  return SECRET_PARAMETERS.has(nameOf(name)) ? `${name}=${REDACTED}` : parameter
}

function nameOf(rawName: string): string {
  return rawName.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))).toLowerCase()
}
