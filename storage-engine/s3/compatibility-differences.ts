/** Where a client could tell this service from AWS, for docs/s3-compatibility.md. */
export interface Difference {
  area: string
  here: string
  aws: string
  /** AWS's. Below `https://docs.aws.amazon.com/AmazonS3/latest/`. */
  page: string
}

export const DIFFERENCES: readonly Difference[] = [
  {
    area: 'Region of a signature',
    here: 'any is accepted',
    aws: "the bucket's own",
    page: 'API/sig-v4-authenticating-requests.html',
  },
  {
    area: 'HTTP',
    here: 'HTTPS only, for websites too',
    aws: 'also plain HTTP; websites HTTP only',
    page: 'userguide/WebsiteEndpoints.html',
  },
  {
    area: 'Owners',
    here: "each object user is an owner as an AWS account is; a namespace's root user is one of all its buckets; storage accounts and roles are to it what IAM users and roles are to an account",
    aws: 'accounts own, users act for them',
    page: 'userguide/access-control-overview.html',
  },
  {
    area: 'Errors while a body is unread',
    here: 'end the connection, also after `Expect: 100-continue`, so that neither side takes the body for the next request',
    aws: 'may keep it',
    page: 'API/ErrorResponses.html',
  },
  {
    area: 'Malformed checksum',
    here: 'BadDigest',
    aws: 'InvalidRequest',
    page: 'userguide/checking-object-integrity.html',
  },
  {
    area: 'User metadata',
    here: 'comes back as the bytes that were sent, be they ASCII, UTF-8, Latin-1 or RFC 2047; to boto3 and aws-cli, which send UTF-8 and read Latin-1, as Latin-1 where that can hold it',
    aws: 'what is not ASCII comes back as RFC 2047',
    page: 'userguide/UsingMetadata.html',
  },
  {
    area: 'If-None-Match of a write',
    here: '`*`, or an ETag that the current version must not have',
    aws: '`*` only',
    page: 'userguide/conditional-writes.html',
  },
  {
    area: 'Conditions of a delete',
    here: 'ETag, last modified time and size, of the current version or the one that is named, each of which needs the right to read it; a missing one is deleted already',
    aws: 'time and size in directory buckets only',
    page: 'userguide/conditional-deletes.html',
  },
  {
    area: 'A part that is named twice in a row in Complete',
    here: 'counts as it was named last',
    aws: 'InvalidPartOrder',
    page: 'API/API_CompleteMultipartUpload.html',
  },
  {
    area: 'MFA delete',
    here: '501 NotImplemented',
    aws: 'supported',
    page: 'userguide/MultiFactorAuthenticationDelete.html',
  },
  {
    area: 'SSE-KMS without a key id',
    here: 'means the named key `aws/s3`: KMS.NotFoundException until an administrator makes it',
    aws: 'AWS makes the managed key by itself',
    page: 'userguide/UsingKMSEncryption.html',
  },
  {
    area: 'DSSE-KMS',
    here: '501 NotImplemented',
    aws: 'supported',
    page: 'userguide/UsingDSSEncryption.html',
  },
  {
    area: 'Order of tags',
    here: 'that of their keys',
    aws: 'not told',
    page: 'API/API_GetObjectTagging.html',
  },
  {
    area: 'More than 10 tags of an object',
    here: 'InvalidTag',
    aws: 'BadRequest',
    page: 'userguide/object-tagging.html',
  },
  {
    area: 'Parts in GetObjectAttributes',
    here: 'of every multipart object',
    aws: 'of those with checksums',
    page: 'API/API_GetObjectAttributes.html',
  },
  {
    area: 'PolicyStatus',
    here: 'a bucket is public by its policy or by an ACL that counts',
    aws: 'by its policy',
    page: 'API/API_GetBucketPolicyStatus.html',
  },
  {
    area: 'Principals of a policy',
    here: "read by their form: a namespace's name or account id stands where AWS has an account id, an empty one is the bucket's own; whoever has that name later is meant too",
    aws: 'must exist when the policy is put, and are kept by their ids',
    page: 'userguide/s3-bucket-user-policy-specifying-principal-intro.html',
  },
  {
    area: 'Resources and actions of a policy',
    here: 'a resource is any pattern that can name the bucket, as `arn:aws:s3:::*`; an action need only have the form of one of S3',
    aws: "must name the bucket and S3's own actions, which must fit together",
    page: 'userguide/s3-arn-format.html',
  },
  {
    area: 'A policy that shuts its owner out',
    here: 'owners and the root user may still read, put and delete it, unless one of them put it with `x-amz-confirm-remove-self-bucket-access`',
    aws: 'the root user always may',
    page: 'API/API_PutBucketPolicy.html',
  },
  {
    area: 'ACLs',
    here: 'list groups before users; an object user, and whoever lets nobody in, needs no s3:PutObjectAcl for the ACL of a write, only no Deny of it; WRITE on a bucket lets its holder delete objects too',
    aws: 'in the order in which they were granted; s3:PutObjectAcl; overwrite only',
    page: 'userguide/acl-overview.html',
  },
  {
    area: 'Objects of anonymous writers',
    here: "are in the hands of the bucket's owner",
    aws: 'give everybody who is anonymous full control',
    page: 'userguide/acl-overview.html',
  },
  {
    area: 'X-Amz-Expires out of range',
    here: '403 AccessDenied',
    aws: '400 AuthorizationQueryParametersError',
    page: 'API/sigv4-query-string-auth.html',
  },
  {
    area: 'Condition keys',
    here: 's3:LocationConstraint, aws:RequestTag and those of features that are not there (access points, Batch Operations, VPCs, organizations) have no value',
    aws: 'have one',
    page: 'userguide/amazon-s3-policy-keys.html',
  },
  {
    area: 'CORS',
    here: 'answers of a bucket with rules vary by origin even when the request names none',
    aws: 'only when it names one',
    page: 'userguide/cors.html',
  },
  {
    area: 'Request payment',
    here: 'stored and told; nobody is charged or refused',
    aws: 'requesters that do not agree to pay are refused',
    page: 'userguide/RequesterPaysBuckets.html',
  },
  {
    area: 'Transfer acceleration',
    here: 'stored; there are no edge locations',
    aws: 'has an endpoint of its own',
    page: 'userguide/transfer-acceleration.html',
  },
  {
    area: 'GetBucketLocation',
    here: 'us-east-1 when the bucket was made with just that LocationConstraint, else empty there',
    aws: 'refuses that LocationConstraint',
    page: 'API/API_GetBucketLocation.html',
  },
  {
    area: 'Storage classes',
    here: "labels: AWS's by default, or an installation's own (`SCEAU_STORAGE_CLASSES`); a restore is done at once",
    aws: 'differ in price and speed; a restore takes minutes to hours',
    page: 'userguide/storage-class-intro.html',
  },
  {
    area: 'Filter of a lifecycle rule',
    here: 'conditions that stand beside each other hold together, as in an `And`',
    aws: 'MalformedXML',
    page: 'API/API_LifecycleRuleFilter.html',
  },
  {
    area: 'Transitions',
    here: "between an installation's own classes in any order, and of small objects too",
    aws: 'down the documented waterfall',
    page: 'userguide/lifecycle-transition-general-considerations.html',
  },
  {
    area: 'Notifications',
    here: 'go to webhooks, which ARNs of topics, queues and functions name (operations.md); EventBridge answers 501',
    aws: 'go to SNS, SQS, Lambda and EventBridge',
    page: 'userguide/EventNotifications.html',
  },
  {
    area: 'Access logs: delivery',
    here: 'every five minutes (`SCEAU_LOG_DELIVERY_SECONDS`)',
    aws: 'within a few hours',
    page: 'userguide/ServerLogs.html',
  },
  {
    area: 'Access logs: target',
    here: 'a bucket of the namespace; one of another owner needs a policy that names the logging service. Requester Pays and a default retention are refused at once',
    aws: 'a bucket of the account; logs to an unfit bucket do not arrive',
    page: 'userguide/enable-server-access-logging.html',
  },
  {
    area: 'Access logs: records',
    here: "deliveries of logs and the console's own transfers are not recorded; quotes, backslashes and bytes that are not ASCII are percent-encoded, signatures and keys in a query read REDACTED",
    aws: 'logs into the own bucket make logs in turn',
    page: 'userguide/LogFormat.html',
  },
  {
    area: 'Headers of features that are not there',
    here: '501 NotImplemented, such as `x-amz-write-offset-bytes`',
    aws: 'supported',
    page: 'API/API_PutObject.html',
  },
]
