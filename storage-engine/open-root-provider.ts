import fs from 'node:fs'
import path from 'node:path'
import type { Config } from '#storage-engine/config.ts'
import { createAwsKmsRootProvider } from '#storage-engine/crypto/aws-kms-root-provider.ts'
import type { AwsCredentials } from '#storage-engine/crypto/aws-signature.ts'
import { createEnvRootProvider } from '#storage-engine/crypto/env-root-provider.ts'
import { openFileRootProvider } from '#storage-engine/crypto/file-root-provider.ts'
import { openPkcs11RootProvider } from '#storage-engine/crypto/pkcs11-root-provider.ts'
import type { RootProvider } from '#storage-engine/crypto/root-provider.ts'
import { createVaultRootProvider } from '#storage-engine/crypto/vault-root-provider.ts'
import { StartupError } from '#storage-engine/errors.ts'

const CA_BYTES_MAX = 1_048_576

/**
 * The root provider of the settings; services are not asked yet. Throws StartupError for what only the operator can mend:
 * a keyring file that is missing or damaged, a file or a module that is not there.
 */
export async function openRootProvider(
  config: Config,
  { isInstallationEmpty }: { isInstallationEmpty: boolean },
): Promise<RootProvider> {
  switch (config.rootProvider) {
    case 'file':
      return openFileRootProvider({ path: config.rootKeyFile, isInstallationEmpty })
    case 'env':
      return createEnvRootProvider({ value: process.env['SCEAU_ROOT_KEY'] })
    case 'aws-kms':
      return openAwsKms(config)
    case 'vault':
      return openVault(config)
    case 'pkcs11':
      return openPkcs11(config, isInstallationEmpty)
  }
}

async function openAwsKms(config: Config): Promise<RootProvider> {
  const { kmsKeyId, kmsOldKeyIds, kmsEndpoint, kmsCaFile } = config
  return createAwsKmsRootProvider({
    keyArn: kmsKeyId ?? '',
    oldKeyArns: kmsOldKeyIds,
    endpoint: kmsEndpoint === null ? null : new URL(kmsEndpoint),
    ca: readAuthority(kmsCaFile, 'SCEAU_KMS_CA_FILE'),
    findCredentials: await findAwsCredentials(),
  })
}

/** Environment, shared files, web identity, container and instance roles, as every AWS tool looks for them. */
async function findAwsCredentials(): Promise<() => Promise<AwsCredentials>> {
  // Loaded here since nobody else needs it.
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node')
  return defaultProvider()
}

function openVault(config: Config): RootProvider {
  return createVaultRootProvider({
    address: new URL(config.vaultAddr ?? ''),
    mount: config.vaultMount,
    key: config.vaultKey ?? '',
    namespace: config.vaultNamespace,
    tokenFile: config.vaultTokenFile ?? '',
    ca: readAuthority(config.vaultCaFile, 'SCEAU_VAULT_CA_FILE'),
  })
}

function openPkcs11(config: Config, isInstallationEmpty: boolean): Promise<RootProvider> {
  const { pkcs11Module, pkcs11Token, pkcs11Key, pkcs11PinFile } = config
  return openPkcs11RootProvider({
    place: {
      module: pkcs11Module ?? '',
      token: pkcs11Token ?? '',
      key: pkcs11Key ?? '',
      pinFile: pkcs11PinFile ?? '',
    },
    // Beside this file, in the sources and in what is made of them.
    workerFile: path.join(import.meta.dirname, `pkcs11-worker${path.extname(import.meta.filename)}`),
    isInstallationEmpty,
  })
}

function readAuthority(file: string | null, setting: string): string | null {
  if (file === null) return null
  try {
    const { size } = fs.statSync(file)
    if (size > CA_BYTES_MAX) throw new Error(`larger than ${CA_BYTES_MAX} bytes`)
    const text = fs.readFileSync(file, 'utf8')
    if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new Error('no certificate in it')
    return text
  } catch (cause) {
    throw new StartupError(`${setting} ${file} cannot be used: ${(cause as Error).message}`, { cause })
  }
}
