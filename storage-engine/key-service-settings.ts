import { z } from 'zod'

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]']

/** In clear only to this machine, where an agent may stand. */
const serviceUrl = z
  .string()
  .refine(isServiceUrl, 'must be https://host:port, without a path; http:// only for localhost')
  .nullable()
  .default(null)
const file = z.string().min(1).nullable().default(null)
const list = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value),
  z.array(z.string().min(1)),
)
const pathPart = (text: string) => z.string().regex(/^[\w-][\w.-]{0,127}$/, text)

/** CKA_LABEL, and a token's label, which has room for 32 bytes. */
const label = z
  .string()
  .regex(/^[\x20-\x7e]{0,31}[\x21-\x7e]$/, 'must be a label of at most 32 characters')
  .nullable()
  .default(null)

/** Settings of the root providers that are services. Their secrets are in files and in the environment, never here. */
export const keyServiceSettings = {
  kmsKeyId: z.string().min(1).nullable().default(null),
  kmsOldKeyIds: list.default([]),
  kmsEndpoint: serviceUrl,
  kmsCaFile: file,
  vaultAddr: serviceUrl,
  vaultMount: z
    .string()
    .regex(/^(?!.*\.\.)[\w-][\w.-]*(\/[\w-][\w.-]*)*$/, 'must be the path of a transit engine, as "transit"')
    .max(256)
    .default('transit'),
  vaultKey: pathPart('must be the name of a transit key').nullable().default(null),
  vaultNamespace: z
    .string()
    .regex(/^[\x21-\x7e]{1,256}$/, 'must be a namespace')
    .nullable()
    .default(null),
  vaultTokenFile: file,
  vaultCaFile: file,
  pkcs11Module: file,
  pkcs11Token: label,
  pkcs11Key: label,
  pkcs11PinFile: file,
}

type KeyServiceSetting = keyof typeof keyServiceSettings

export const KEY_SERVICE_REQUIRED = {
  file: [],
  env: [],
  'aws-kms': ['kmsKeyId'],
  vault: ['vaultAddr', 'vaultKey', 'vaultTokenFile'],
  pkcs11: ['pkcs11Module', 'pkcs11Token', 'pkcs11Key', 'pkcs11PinFile'],
} as const satisfies Record<string, readonly KeyServiceSetting[]>

export const KEY_SERVICE_PATHS = [
  'kmsCaFile',
  'vaultTokenFile',
  'vaultCaFile',
  'pkcs11Module',
  'pkcs11PinFile',
] as const satisfies readonly KeyServiceSetting[]

function isServiceUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, pathname, search, hash, username } = new URL(text)
  if (pathname !== '/' || search !== '' || hash !== '' || username !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK_HOSTS.includes(hostname))
}
