import type { TextRule } from '#storage-engine/iam/parameters.ts'

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const QUOTAS = {
  user: 5000,
  group: 300,
  role: 1000,
  policy: 1500,
  oidcProvider: 100,
  accessKeysPerUser: 2,
  groupsPerUser: 10,
  attachedPolicies: 10,
  versionsPerPolicy: 5,
  tags: 50,
  clientIds: 100,
  thumbprints: 5,
} as const

/** Characters of all inline policies of one holder together, without white space. */
export const INLINE_POLICY_SIZES = { 'object-user': 2048, user: 2048, group: 5120, role: 10_240 } as const
/** Characters without white space. */
export const MANAGED_POLICY_SIZE = 6144
export const TRUST_POLICY_SIZE = 2048

const NAME_CHARACTERS = /^[\w+=,.@-]+$/
export const USER_NAME: TextRule = { lengthMax: 64, pattern: NAME_CHARACTERS }
export const ROLE_NAME: TextRule = { lengthMax: 64, pattern: NAME_CHARACTERS }
export const GROUP_NAME: TextRule = { lengthMax: 128, pattern: NAME_CHARACTERS }
export const POLICY_NAME: TextRule = { lengthMax: 128, pattern: NAME_CHARACTERS }
export const PATH: TextRule = { lengthMax: 512, pattern: /^(?:\/|\/[\x21-\x7e]+\/)$/ }
export const PATH_PREFIX: TextRule = { lengthMax: 512, pattern: /^\/[\x21-\x7e]*$/ }
export const ARN: TextRule = { lengthMin: 20, lengthMax: 2048 }
export const POLICY_DOCUMENT: TextRule = { lengthMax: 131_072 }
export const DESCRIPTION: TextRule = { lengthMin: 0, lengthMax: 1000 }
export const ACCESS_KEY_ID: TextRule = { lengthMin: 16, lengthMax: 128, pattern: /^\w+$/ }
export const TAG_KEY: TextRule = { lengthMax: 128, pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u }
export const TAG_VALUE: TextRule = { lengthMin: 0, lengthMax: 256, pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u }
/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
export const SESSION_NAME: TextRule = { lengthMin: 2, lengthMax: 64, pattern: NAME_CHARACTERS }
export const SESSION_SECONDS_MIN = 900
export const SESSION_SECONDS_DEFAULT = 3600
export const ROLE_SECONDS_MAX = 43_200
/** Of a role that was assumed by a role. */
export const CHAINED_SECONDS_MAX = 3600
/** https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html */
export const USER_SESSION_SECONDS_DEFAULT = 43_200
export const USER_SESSION_SECONDS_MAX = 129_600
export const ROOT_SESSION_SECONDS_MAX = 3600
export const SESSION_POLICY: TextRule = { lengthMax: 2048 }
