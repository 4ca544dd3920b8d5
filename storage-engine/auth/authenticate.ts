import {
  type Credential,
  DUMMY_CREDENTIAL,
  type FindCredential,
  signingKeyOf,
  TEMPORARY_KEY_PREFIX,
} from '#storage-engine/auth/credential.ts'
import { claimFromForm, type FormClaim, isFormSignatureValid } from '#storage-engine/auth/form-claim.ts'
import { checkFormPolicy, type FormFields, parseFormPolicy } from '#storage-engine/auth/form-policy.ts'
import { type ChunkSigning, type Payload, payloadOf } from '#storage-engine/auth/payload.ts'
import { ANONYMOUS, type Principal } from '#storage-engine/auth/principal.ts'
import { CLOCK_SKEW_MAX_MS, checkSkew } from '#storage-engine/auth/request-time.ts'
import { isSignatureValid, scopeOf } from '#storage-engine/auth/signature.ts'
import {
  ALGORITHM,
  claimFromHeader,
  claimFromQuery,
  type Service,
  type SignatureClaim,
} from '#storage-engine/auth/signature-claim.ts'
import {
  SIGV2_SCHEME,
  type SigV2Claim,
  sigV2ClaimFromHeader,
  sigV2ClaimFromQuery,
} from '#storage-engine/auth/sigv2-claim.ts'
import { isSigV2Valid } from '#storage-engine/auth/sigv2-signature.ts'
import type { WireRequest } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'

declare const authenticated: unique symbol

/**
 * Who sent a request and what vouches for its body. Only `authenticate` and `authenticateForm` make one, and a body can be
 * opened only with one, so no way of sending a body passes by the signature check.
 */
export type Authentication = { readonly [authenticated]: true; payload: Payload } & (
  | {
      kind: 'sigv4-header' | 'sigv4-query' | 'sigv2-header' | 'sigv2-query' | 'post-sigv4' | 'post-sigv2'
      principal: Principal
      accessKeyId: string
      /** Of temporary credentials. */
      sessionToken: string | null
      /** Milliseconds since the epoch, as the signer says; null where version 2 does not say. */
      signedAt: number | null
    }
  | { kind: 'anonymous'; principal: Principal }
)

const KINDS = {
  2: { header: 'sigv2-header', query: 'sigv2-query' },
  4: { header: 'sigv4-header', query: 'sigv4-query' },
} as const

export interface AuthenticateDependencies {
  findCredential: FindCredential
  /** Milliseconds since the epoch. */
  now(): number
  /** Whose signatures count; S3's by default. */
  service?: Service
}

/**
 * Verifies a request's signature, of version 4 or 2. Returns without a promise when the access key is cached.
 * Throws AccessDenied, AuthorizationHeaderMalformed, AuthorizationQueryParametersError, ExpiredToken, InvalidAccessKeyId,
 * InvalidArgument, InvalidRequest, InvalidToken, RequestTimeTooSkewed and SignatureDoesNotMatch.
 */
export function authenticate(
  dependencies: AuthenticateDependencies,
  request: WireRequest,
): Authentication | Promise<Authentication> {
  const claim = findClaim(request)
  if (claim === null) return authenticateAnonymous(request)
  const payloadHash = payloadHashOf(request, claim)
  if (claim.version === 4) checkService(claim, dependencies.service ?? 's3')
  const now = dependencies.now()
  checkTime(claim, now)
  const sessionToken = sessionTokenOf(request)
  const given = { payloadHash, sessionToken, now }
  const found = dependencies.findCredential(claim.accessKeyId, sessionToken)
  if (found instanceof Promise) return found.then((credential) => verify(request, claim, { credential, ...given }))
  return verify(request, claim, { credential: found, ...given })
}

function findClaim(request: WireRequest): SignatureClaim | SigV2Claim | null {
  const authorization = request.headers.get('authorization')
  const { values } = request.query
  const isPresigned =
    values.size > 0 &&
    (values.has('X-Amz-Algorithm') || values.has('X-Amz-Signature') || values.has('X-Amz-Credential'))
  const isPresignedV2 = values.size > 0 && (values.has('AWSAccessKeyId') || values.has('Signature'))
  if (Number(authorization !== undefined) + Number(isPresigned) + Number(isPresignedV2) > 1) {
    throw severalMechanisms(authorization)
  }
  if (isPresignedV2) return sigV2ClaimFromQuery(request)
  if (isPresigned) return claimFromQuery(request)
  if (authorization === undefined) return null
  if (authorization.startsWith(`${ALGORITHM} `)) return claimFromHeader(request, authorization)
  if (authorization.startsWith(SIGV2_SCHEME)) return sigV2ClaimFromHeader(request, authorization)
  throw unsupportedMechanism()
}

function severalMechanisms(authorization: string | undefined): StorageError {
  return new StorageError('InvalidArgument', {
    message:
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
    extra: { ArgumentName: 'Authorization', ArgumentValue: authorization?.slice(0, ALGORITHM.length) ?? '' },
  })
}

function unsupportedMechanism(): StorageError {
  return new StorageError('InvalidRequest', {
    message: `The authorization mechanism you have provided is not supported. Please use ${ALGORITHM}.`,
  })
}

function checkService({ service, place }: SignatureClaim, expected: Service): void {
  if (service === expected) return
  const code = place === 'header' ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError'
  throw new StorageError(code, {
    message: `The credential scope is malformed; incorrect service "${service}". This endpoint belongs to "${expected}".`,
  })
}

function authenticateAnonymous({ headers }: WireRequest): Authentication {
  const payload = payloadOf(headers.get('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD', null)
  return brand({ kind: 'anonymous', principal: ANONYMOUS, payload })
}

function payloadHashOf({ headers, bodySha256 }: WireRequest, claim: SignatureClaim | SigV2Claim): string {
  if (bodySha256 !== undefined) return bodySha256
  const value = headers.get('x-amz-content-sha256')
  if (claim.version === 2) checkWhole(headers, value)
  if (value !== undefined) return value
  if (claim.version === 2 || claim.place === 'query') return 'UNSIGNED-PAYLOAD'
  throw new StorageError('InvalidRequest', {
    message: 'Missing required header for this request: x-amz-content-sha256',
  })
}

/** Version 2 knows no chunks: taken for a plain body, their framing would become content. */
function checkWhole(headers: WireRequest['headers'], payloadHash: string | undefined): void {
  const isChunked = headers.get('content-encoding')?.toLowerCase().includes('aws-chunked') ?? false
  if (!isChunked && payloadHash?.startsWith('STREAMING-') !== true) return
  throw new StorageError('InvalidRequest', {
    message: `Chunked uploads need a signature of version 4. Please use ${ALGORITHM}.`,
  })
}

function checkTime(claim: SignatureClaim | SigV2Claim, now: number): void {
  if (claim.version === 2) {
    checkSigV2Time(claim, now)
    return
  }
  if (claim.expiresSeconds === null) {
    checkSkew(claim.time, now)
    return
  }
  const expiresAt = claim.time + claim.expiresSeconds * 1000
  if (claim.time - now > CLOCK_SKEW_MAX_MS)
    throw new StorageError('AccessDenied', { message: 'Request is not valid yet' })
  if (now <= expiresAt) return
  throw new StorageError('AccessDenied', {
    message: 'Request has expired',
    extra: {
      'X-Amz-Expires': String(claim.expiresSeconds),
      Expires: new Date(expiresAt).toISOString(),
      ServerTime: new Date(now).toISOString(),
    },
  })
}

function checkSigV2Time({ place, time }: SigV2Claim, now: number): void {
  if (place === 'header') {
    checkSkew(time, now)
    return
  }
  if (now <= time) return
  throw new StorageError('AccessDenied', {
    message: 'Request has expired',
    extra: { Expires: new Date(time).toISOString(), ServerTime: new Date(now).toISOString() },
  })
}

function verify(
  request: WireRequest,
  claim: SignatureClaim | SigV2Claim,
  input: { credential: Credential | null; payloadHash: string; sessionToken: string | null; now: number },
): Authentication {
  const { payloadHash, sessionToken } = input
  const credential = input.credential ?? DUMMY_CREDENTIAL
  const isValid =
    claim.version === 4
      ? isSignatureValid(request, claim, { credential, payloadHash })
      : isSigV2Valid(request, claim, credential)
  if (input.credential === null) throw unknownCredential(claim, sessionToken)
  if (!isValid) {
    throw new StorageError('SignatureDoesNotMatch', {
      extra: { AWSAccessKeyId: claim.accessKeyId, SignatureProvided: claim.signature },
    })
  }
  checkSession(credential, input)
  checkVersion(credential, claim)
  const chunkSigning = claim.version === 4 ? chunkSigningOf(claim, credential) : null
  const { principal } = credential
  return brand({
    kind: KINDS[claim.version][claim.place],
    principal,
    accessKeyId: claim.accessKeyId,
    sessionToken,
    signedAt: claim.version === 2 && claim.place === 'query' ? null : claim.time,
    payload: payloadOf(payloadHash, chunkSigning),
  })
}

/** Who sent a form, and how many bytes its file may have; null when nobody says. */
export interface AuthenticatedForm {
  authentication: Authentication
  fileSize: { min: number; max: number } | null
}

/**
 * Verifies the signature of a form's policy, and holds the form against it; one without credentials is its sender's, who is
 * nobody unless the request itself was signed. `fields` has the bucket of the URL as `bucket`, and the key that is written
 * as `key`. Throws as `authenticate` does, and InvalidPolicyDocument.
 */
export async function authenticateForm(
  dependencies: AuthenticateDependencies,
  { sender, fields }: { sender: Authentication; fields: FormFields },
): Promise<AuthenticatedForm> {
  const claim = claimFromForm(fields)
  if (claim === null) return { authentication: sender, fileSize: null }
  if (sender.kind !== 'anonymous') throw severalMechanisms(undefined)
  if (claim.version === 4 && claim.service !== (dependencies.service ?? 's3')) {
    throw new StorageError('InvalidArgument', {
      extra: { ArgumentName: 'x-amz-credential', ArgumentValue: claim.service },
    })
  }
  const sessionToken = fields.get('x-amz-security-token') ?? null
  const now = dependencies.now()
  const credential = await dependencies.findCredential(claim.accessKeyId, sessionToken)
  const authentication = verifyForm(claim, { credential, sessionToken, now, payload: sender.payload })
  const policy = parseFormPolicy(claim.policy)
  checkFormPolicy(policy, { fields, now })
  return { authentication, fileSize: policy.fileSize }
}

function verifyForm(
  claim: FormClaim,
  input: { credential: Credential | null; sessionToken: string | null; now: number; payload: Payload },
): Authentication {
  const { sessionToken, payload } = input
  const { accessKeyId, signature } = claim
  const isValid = isFormSignatureValid(claim, input.credential ?? DUMMY_CREDENTIAL)
  if (input.credential === null) throw unknownCredential(claim, sessionToken)
  if (!isValid) {
    throw new StorageError('SignatureDoesNotMatch', {
      extra: { AWSAccessKeyId: accessKeyId, SignatureProvided: signature.slice(0, 100) },
    })
  }
  checkSession(input.credential, input)
  checkVersion(input.credential, claim)
  const kind = claim.version === 4 ? 'post-sigv4' : 'post-sigv2'
  const signedAt = claim.version === 4 ? claim.time : null
  return brand({ kind, principal: input.credential.principal, accessKeyId, sessionToken, signedAt, payload })
}

function unknownCredential({ accessKeyId }: { accessKeyId: string }, sessionToken: string | null): StorageError {
  if (sessionToken !== null && accessKeyId.startsWith(TEMPORARY_KEY_PREFIX)) return new StorageError('InvalidToken')
  return new StorageError('InvalidAccessKeyId', { extra: { AWSAccessKeyId: accessKeyId } })
}

function checkSession(
  { expiresAt }: Credential,
  { sessionToken, now }: { sessionToken: string | null; now: number },
): void {
  if ((expiresAt !== null) !== (sessionToken !== null)) throw new StorageError('InvalidToken')
  if (expiresAt !== null && now >= expiresAt) throw new StorageError('ExpiredToken')
}

/** A namespace may do without version 2, which rests on SHA-1. Told to nobody but who holds one of its keys. */
function checkVersion({ refusesSigV2 }: Credential, { version }: { version: 2 | 4 }): void {
  if (version === 2 && refusesSigV2) throw unsupportedMechanism()
}

function sessionTokenOf({ headers, query }: WireRequest): string | null {
  const header = headers.get('x-amz-security-token')
  if (header !== undefined || query.values.size === 0) return header ?? null
  return query.values.get('X-Amz-Security-Token') ?? query.values.get('x-amz-security-token') ?? null
}

function chunkSigningOf(claim: SignatureClaim, credential: Credential): ChunkSigning {
  return {
    signingKey: signingKeyOf(credential, claim),
    date: claim.date,
    scope: scopeOf(claim),
    seedSignature: claim.signature,
  }
}

/** The one place where a request becomes an authenticated one. */
function brand(authentication: {
  kind: Authentication['kind']
  principal: Principal
  payload: Payload
  accessKeyId?: string
  sessionToken?: string | null
  signedAt?: number | null
}): Authentication {
  return authentication as unknown as Authentication
}
