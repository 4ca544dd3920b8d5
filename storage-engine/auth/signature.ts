import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import { canonicalRequests } from '#storage-engine/auth/canonical-request.ts'
import { type Credential, signingKeyOf } from '#storage-engine/auth/credential.ts'
import { ALGORITHM, type SignatureClaim } from '#storage-engine/auth/signature-claim.ts'
import type { WireRequest } from '#storage-engine/auth/wire-request.ts'

/** `day/region/service/aws4_request` */
export function scopeOf(claim: SignatureClaim): string {
  return `${claim.day}/${claim.region}/${claim.service}/aws4_request`
}

/** True when the claim's signature is the one that the credential's secret gives for this request. */
export function isSignatureValid(
  request: WireRequest,
  claim: SignatureClaim,
  input: { credential: Credential; payloadHash: string },
): boolean {
  const key = signingKeyOf(input.credential, claim)
  const prefix = `${ALGORITHM}\n${claim.date}\n${scopeOf(claim)}\n`
  for (const canonical of canonicalRequests(request, claim, input.payloadHash)) {
    const expected = createHmac('sha256', key)
      .update(prefix + hash('sha256', canonical, 'hex'))
      .digest('hex')
    if (equalSignatures(expected, claim.signature)) return true
  }
  return false
}

/** Compares hexadecimal signatures in constant time. */
export function equalSignatures(expected: string, given: string): boolean {
  if (expected.length !== given.length) return false
  const givenBytes = Buffer.from(given, 'latin1')
  return givenBytes.length === expected.length && timingSafeEqual(Buffer.from(expected, 'latin1'), givenBytes)
}
