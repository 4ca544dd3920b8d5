import { englishOf, type Notice } from '#storage-engine/notice.ts'

/**
 * The one error catalogue: every code that a door may answer, with its HTTP status and AWS's text.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
const CATALOGUE = {
  AccessControlListNotSupported: [400, 'The bucket does not allow ACLs'],
  AccessDenied: [403, 'Access Denied'],
  AccessForbidden: [403, 'Access Forbidden'],
  AmbiguousGrantByEmailAddress: [400, 'The email address you provided is associated with more than one account.'],
  AuthorizationHeaderMalformed: [400, 'The authorization header is malformed.'],
  AuthorizationQueryParametersError: [400, 'Error parsing the X-Amz-Credential parameter.'],
  BadDigest: [400, 'The Content-MD5 or checksum value that you specified did not match what the server received.'],
  BadRequest: [400, 'Bad Request'],
  BucketAlreadyExists: [
    409,
    'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
  ],
  BucketAlreadyOwnedByYou: [409, 'The bucket that you tried to create already exists, and you own it.'],
  BucketNotEmpty: [409, 'The bucket you tried to delete is not empty.'],
  ConditionalRequestConflict: [
    409,
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
  ],
  CrossLocationLoggingProhibited: [
    403,
    'Cross-Region logging is not allowed. Buckets in one Region cannot log information to a bucket in another Region.',
  ],
  EntityTooLarge: [400, 'Your proposed upload exceeds the maximum allowed size.'],
  EntityTooSmall: [400, 'Your proposed upload is smaller than the minimum allowed object size.'],
  ExpiredToken: [400, 'The provided token has expired.'],
  IllegalLocationConstraintException: [
    400,
    'The specified location constraint is incompatible for the region specific endpoint this request was sent to.',
  ],
  IllegalVersioningConfigurationException: [400, 'The Versioning element must be specified'],
  IncompleteBody: [400, 'You did not provide the number of bytes specified by the Content-Length HTTP header.'],
  InsufficientStorage: [507, 'The storage nodes do not have enough free space for this write. Deletes still work.'],
  InternalError: [500, 'We encountered an internal error. Please try again.'],
  InvalidAccessKeyId: [403, 'The AWS Access Key Id you provided does not exist in our records.'],
  InvalidArgument: [400, 'Invalid Argument'],
  InvalidBucketAclWithObjectOwnership: [
    400,
    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
  ],
  InvalidBucketName: [400, 'The specified bucket is not valid.'],
  InvalidBucketState: [409, 'The request is not valid for the current state of the bucket.'],
  InvalidDigest: [400, 'The Content-MD5 or checksum value that you specified is not valid.'],
  InvalidLocationConstraint: [400, 'The specified location constraint is not valid.'],
  InvalidObjectState: [403, "The operation is not valid for the object's storage class"],
  InvalidPolicyDocument: [
    400,
    'The content of the form does not meet the conditions specified in the policy document.',
  ],
  InvalidPart: [
    400,
    "One or more of the specified parts could not be found. The part might not have been uploaded, or the specified entity tag might not have matched the part's entity tag.",
  ],
  InvalidPartOrder: [
    400,
    'The list of parts was not in ascending order. Parts list must be specified in order by part number.',
  ],
  InvalidRange: [416, 'The requested range is not satisfiable'],
  InvalidRedirectLocation: [400, 'The website redirect location is not valid.'],
  InvalidRequest: [400, 'Invalid Request'],
  InvalidRetentionPeriod: [400, 'The retention period is not valid.'],
  InvalidStorageClass: [400, 'The storage class you specified is not valid'],
  InvalidTag: [400, 'The tag provided was not a valid tag.'],
  InvalidTargetBucketForLogging: [
    400,
    'The target bucket for logging does not exist, is not owned by you, or does not have the appropriate grants for the log-delivery group.',
  ],
  InvalidToken: [400, 'The provided token is malformed or otherwise not valid.'],
  InvalidURI: [400, "Couldn't parse the specified URI."],
  InvalidEncryptionAlgorithmError: [
    400,
    'The encryption request that you specified is not valid. The valid value is AES256.',
  ],
  'KMS.DisabledException': [400, 'The key is disabled.'],
  'KMS.KMSInvalidStateException': [400, 'The key is pending deletion.'],
  'KMS.NotFoundException': [400, 'The key does not exist.'],
  KeyTooLongError: [400, 'Your key is too long'],
  MalformedACLError: [400, 'The XML you provided was not well-formed or did not validate against our published schema'],
  MalformedPolicy: [400, 'This policy contains invalid Json'],
  MalformedPOSTRequest: [400, 'The body of your POST request is not well-formed multipart/form-data.'],
  MalformedTrailerError: [
    400,
    'The request contained trailing data that was not well-formed or did not conform to our published schema.',
  ],
  MalformedXML: [400, 'The XML you provided was not well-formed or did not validate against our published schema'],
  MaxPostPreDataLengthExceeded: [400, 'Your POST request fields preceding the upload file were too large.'],
  MaxMessageLengthExceeded: [400, 'Your request was too big.'],
  MetadataTooLarge: [400, 'Your metadata headers exceed the maximum allowed metadata size'],
  MethodNotAllowed: [405, 'The specified method is not allowed against this resource.'],
  MissingContentLength: [411, 'You must provide the Content-Length HTTP header.'],
  MissingSecurityHeader: [400, 'Your request was missing a required header'],
  NoSuchBucket: [404, 'The specified bucket does not exist'],
  NoSuchBucketPolicy: [404, 'The bucket policy does not exist'],
  NoSuchConfiguration: [404, 'The specified configuration does not exist.'],
  NoSuchCORSConfiguration: [404, 'The CORS configuration does not exist'],
  NoSuchKey: [404, 'The specified key does not exist.'],
  NoSuchLifecycleConfiguration: [404, 'The lifecycle configuration does not exist'],
  NoSuchObjectLockConfiguration: [404, 'The specified object does not have a ObjectLock configuration'],
  NoSuchPublicAccessBlockConfiguration: [404, 'The public access block configuration was not found'],
  NoSuchTagSet: [404, 'The TagSet does not exist'],
  NoSuchUpload: [
    404,
    'The specified multipart upload does not exist. The upload ID might be invalid, or the multipart upload might have been aborted or completed.',
  ],
  NoSuchVersion: [404, 'The version ID specified in the request does not match an existing version.'],
  NoSuchWebsiteConfiguration: [404, 'The specified bucket does not have a website configuration'],
  NotImplemented: [501, 'A header or query you provided implies functionality that is not implemented.'],
  NotModified: [304, 'Not Modified'],
  ObjectLockConfigurationNotFoundError: [404, 'Object Lock configuration does not exist for this bucket'],
  OwnershipControlsNotFoundError: [404, 'The bucket ownership controls were not found'],
  PolicyTooLarge: [400, 'Normalized policy document exceeds the maximum allowed size of 20480 bytes'],
  PreconditionFailed: [412, 'At least one of the pre-conditions you specified did not hold'],
  ReplicationConfigurationNotFoundError: [404, 'The replication configuration was not found'],
  RequestHeaderSectionTooLarge: [400, 'Your request header section exceeds the maximum allowed size.'],
  RequestTimeTooSkewed: [403, "The difference between the request time and the server's time is too large."],
  RequestTimeout: [
    400,
    'Your socket connection to the server was not read from or written to within the timeout period.',
  ],
  ServerSideEncryptionConfigurationNotFoundError: [404, 'The server side encryption configuration was not found'],
  ServiceUnavailable: [503, 'Service is unable to handle request.'],
  SignatureDoesNotMatch: [
    403,
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  ],
  SlowDown: [503, 'Please reduce your request rate.'],
  TooManyBuckets: [400, 'You have attempted to create more buckets than allowed.'],
  UnexpectedContent: [400, 'This request contains unsupported content.'],
  UnresolvableGrantByEmailAddress: [400, 'The email address you provided does not match any account on record.'],
  XAmzContentChecksumMismatch: [400, 'The provided checksum header does not match what was computed.'],
  XAmzContentSHA256Mismatch: [400, "The provided 'x-amz-content-sha256' header does not match what was computed."],
  // The IAM and STS API's: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
  DeleteConflict: [409, 'Cannot delete entity, must detach or delete what is attached to it first.'],
  EntityAlreadyExists: [409, 'An entity of this name exists already.'],
  IncompleteSignature: [400, 'The request signature does not conform to AWS standards.'],
  InvalidAction: [400, 'Could not find an operation of this name and version.'],
  InvalidInput: [400, 'The request was rejected because an invalid value was supplied for an input parameter.'],
  LimitExceeded: [409, 'The request would exceed a limit of the account.'],
  MalformedPolicyDocument: [400, 'The policy document is malformed.'],
  MissingAction: [400, 'The request is missing an action.'],
  MissingAuthenticationToken: [403, 'Request is missing Authentication Token'],
  NoSuchEntity: [404, 'The entity cannot be found.'],
  PackedPolicyTooLarge: [400, 'The session policies and tags together are too large.'],
  ValidationError: [400, 'A parameter of the request is not valid.'],
  // The console's own; S3 clients never see these.
  ConfirmationMismatch: [400, 'The confirmation does not match the name.'],
  CrossSiteRequest: [403, 'This request did not come from the console itself.'],
  InvalidCredentials: [401, 'The username or the password is wrong.'],
  KeyIsInUse: [409, 'Something still needs this key.'],
  KeysAreChanging: [409, 'The keys are being changed by somebody else. Try again.'],
  MigrationStateMismatch: [409, 'The migration is not in a state in which this can be done.'],
  NamedKeyAlreadyExists: [409, 'This namespace has a key of this name already.'],
  NamespaceAlreadyExists: [409, 'A namespace of this name exists already.'],
  NoSuchActivity: [404, 'The specified activity does not exist.'],
  NoSuchKeyVersion: [404, 'There is no such version of the key.'],
  NoSuchRecord: [404, 'The keys of this namespace have not been destroyed.'],
  NoSuchNamedKey: [404, 'The namespace has no key of this name.'],
  NoSuchWebhook: [404, 'The specified webhook does not exist.'],
  NoSuchNamespace: [404, 'The specified namespace does not exist.'],
  NotSignedIn: [401, 'Sign in first.'],
  TooManyWebhooks: [409, 'A namespace cannot have more webhooks.'],
  WebhookAlreadyExists: [409, 'A webhook of this name exists already.'],
  TooManyAttempts: [429, 'Too many attempts. Wait a few minutes, then try again.'],
} as const satisfies Record<string, readonly [status: number, message: string]>

export type StorageErrorCode = keyof typeof CATALOGUE

/** The HTTP status with which a code is answered. */
export function statusOf(code: StorageErrorCode): number {
  return CATALOGUE[code][0]
}

export interface StorageErrorDetails {
  /** Replaces the catalogue's text. */
  message?: string
  /** Replaces it too, and can be told in any language. */
  notice?: Notice
  /** AWS's extra elements of the error XML, in order: { ArgumentName: 'partNumber', … }. */
  extra?: Record<string, string>
  /** Extra response headers, such as Content-Range of a 416. */
  headers?: Record<string, string>
  cause?: unknown
}

/** The only error that a door renders as it is; anything else becomes InternalError. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly code: StorageErrorCode
  readonly status: number
  readonly extra: Record<string, string>
  readonly headers: Record<string, string>
  readonly notice: Notice | null

  constructor(code: StorageErrorCode, details: StorageErrorDetails = {}) {
    const { notice = null } = details
    super(details.message ?? (notice === null ? CATALOGUE[code][1] : englishOf(notice)), { cause: details.cause })
    this.notice = notice
    this.code = code
    this.status = CATALOGUE[code][0]
    this.extra = details.extra ?? {}
    this.headers = details.headers ?? {}
  }
}

/** A mistake of the operator, told on the terminal in one line that says what to do; the process then exits. */
export class StartupError extends Error {
  override readonly name = 'StartupError'
}
