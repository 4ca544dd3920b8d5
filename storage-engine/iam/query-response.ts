import { StorageError } from '#storage-engine/errors.ts'
import type { Api } from '#storage-engine/iam/operation-table.ts'
import type { QueryExchange } from '#storage-engine/query-api.ts'
import { element, XML_DECLARATION } from '#storage-engine/xml-text.ts'

/** What S3 says of credentials, in the words of the other services. */
const OTHER_CODES: Record<string, string> = {
  AuthorizationHeaderMalformed: 'IncompleteSignature',
  AuthorizationQueryParametersError: 'IncompleteSignature',
  InvalidAccessKeyId: 'InvalidClientTokenId',
  InvalidToken: 'InvalidClientTokenId',
  RequestTimeTooSkewed: 'SignatureDoesNotMatch',
  InternalError: 'InternalFailure',
}
/** S3's are 400. */
const OTHER_STATUSES: Record<string, number> = { ExpiredToken: 403, InvalidToken: 403 }

/** `result` is the content of the result element; null when the answer has none. */
export function sendResult(
  exchange: QueryExchange,
  { api, name, result }: { api: Api; name: string; result: string | null },
): void {
  const content = result === null ? '' : `<${name}Result>${result}</${name}Result>`
  const metadata = `<ResponseMetadata>${element('RequestId', exchange.requestId)}</ResponseMetadata>`
  const xml = `<${name}Response xmlns="${api.xmlNamespace}">${content}${metadata}</${name}Response>`
  send(exchange, 200, XML_DECLARATION + xml)
}

/** The only place where an error becomes bytes here, so nothing but a StorageError is told apart. */
export function sendError(exchange: QueryExchange, { api, error }: { api: Api; error: unknown }): void {
  const known = error instanceof StorageError ? error : new StorageError('InternalError', { cause: error })
  const status = OTHER_STATUSES[known.code] ?? known.status
  const fields = [
    element('Type', status < 500 ? 'Sender' : 'Receiver'),
    element('Code', OTHER_CODES[known.code] ?? known.code),
    element('Message', known.message),
  ]
  const content = `<Error>${fields.join('')}</Error>${element('RequestId', exchange.requestId)}`
  send(exchange, status, `${XML_DECLARATION}<ErrorResponse xmlns="${api.xmlNamespace}">${content}</ErrorResponse>`)
}

function send({ req, res, requestId, isDraining }: QueryExchange, status: number, body: string): void {
  if (res.headersSent || res.destroyed) return
  const headers = ['Content-Type', 'text/xml', 'x-amzn-RequestId', requestId, 'Server', 'Sceau']
  headers.push('Content-Length', String(Buffer.byteLength(body)))
  // Credentials are among the answers.
  headers.push('Cache-Control', 'no-store')
  if (isDraining || !req.complete) headers.push('Connection', 'close')
  res.writeHead(status, headers)
  res.end(body)
}
