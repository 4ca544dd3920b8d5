import { createHmac } from 'node:crypto'
import { type Credential, signingKeyOf } from '#storage-engine/auth/credential.ts'
import type { FormFields } from '#storage-engine/auth/form-policy.ts'
import { parseAmzDate } from '#storage-engine/auth/request-time.ts'
import { equalSignatures } from '#storage-engine/auth/signature.ts'
import { ALGORITHM, parseCredential, type Service } from '#storage-engine/auth/signature-claim.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** What the fields of a form say of its signature, which is over the policy. Nothing is believed before it is verified. */
export type FormClaim = FormClaimV2 | FormClaimV4

interface FormClaimV2 {
  version: 2
  accessKeyId: string
  policy: string
  signature: string
}

interface FormClaimV4 extends Omit<FormClaimV2, 'version'> {
  version: 4
  day: string
  region: string
  service: Service
  /** When it was signed, as the signer says; milliseconds since the epoch. */
  time: number
}

const V4_FIELDS = ['x-amz-algorithm', 'x-amz-credential', 'x-amz-signature']
const V2_FIELDS = ['awsaccesskeyid', 'signature']

/** The claim of a form; null of one without any credentials. Throws InvalidArgument when some of it is missing. */
export function claimFromForm(fields: FormFields): FormClaim | null {
  const isV4 = V4_FIELDS.some((name) => fields.has(name))
  const isV2 = V2_FIELDS.some((name) => fields.has(name))
  if (isV4 && isV2) {
    throw new StorageError('InvalidArgument', {
      message: 'Only one auth mechanism allowed; a form is signed by version 4 or by version 2.',
      extra: { ArgumentName: 'x-amz-signature', ArgumentValue: '' },
    })
  }
  if (isV4) return claimV4(fields)
  if (isV2 || fields.has('policy')) {
    const get = (field: string, name = field) => requiredField(fields, field, name)
    return {
      version: 2,
      accessKeyId: get('awsaccesskeyid', 'AWSAccessKeyId'),
      policy: get('policy'),
      signature: get('signature', 'Signature'),
    }
  }
  return null
}

function claimV4(fields: FormFields): FormClaimV4 {
  const get = (name: string) => requiredField(fields, name, name)
  const algorithm = get('x-amz-algorithm')
  if (algorithm !== ALGORITHM)
    throw invalid('x-amz-algorithm', algorithm, `X-Amz-Algorithm only supports "${ALGORITHM}"`)
  const credential = parseCredential(get('x-amz-credential'), 'InvalidArgument')
  const date = get('x-amz-date')
  const time = parseAmzDate(date)
  if (time === null) {
    throw invalid('x-amz-date', date, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
  }
  if (!date.startsWith(credential.day)) {
    throw invalid('x-amz-date', date, `Invalid credential date "${credential.day}".`)
  }
  return { version: 4, ...credential, time, policy: get('policy'), signature: get('x-amz-signature') }
}

function requiredField(fields: FormFields, field: string, name: string): string {
  const value = fields.get(field)
  if (value) return value
  throw invalid(
    name,
    '',
    `Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the fields.`,
  )
}

/** True when the claim's signature is the one that the credential's secret gives for the policy, as the form has it. */
export function isFormSignatureValid(claim: FormClaim, credential: Credential): boolean {
  const { policy, signature } = claim
  const expected =
    claim.version === 4
      ? createHmac('sha256', signingKeyOf(credential, claim)).update(policy).digest('hex')
      : createHmac('sha1', credential.secret).update(policy).digest('base64')
  return equalSignatures(expected, signature)
}

function invalid(name: string, value: string, message: string): StorageError {
  return new StorageError('InvalidArgument', {
    message,
    extra: { ArgumentName: name, ArgumentValue: value.slice(0, 100) },
  })
}
