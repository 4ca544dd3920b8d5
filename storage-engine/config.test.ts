import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { environmentOf, readConfig } from '#storage-engine/config.ts'
import { StartupError } from '#storage-engine/errors.ts'

let directory: string
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sceau-config-'))
})
afterEach(() => fs.rmSync(directory, { recursive: true }))

const read = (env: Record<string, string>) => readConfig({ env, directory })
const writeFile = (content: string) => fs.writeFileSync(path.join(directory, 'sceau.config.json'), content)
function refusal(env: Record<string, string>): string {
  try {
    read(env)
  } catch (error) {
    if (error instanceof StartupError) return error.message
    throw error
  }
  throw new Error('The configuration was accepted')
}

describe('readConfig', () => {
  it('needs nothing: every setting has a default', () => {
    expect(read({})).toEqual({
      dataDir: path.join(directory, 'data'),
      nodes: [path.join(directory, 'data/nodes/1')],
      redundancy: 'single',
      nodeFullPercent: 95,
      s3Port: 9000,
      consolePort: 3000,
      metricsPort: 9464,
      host: '0.0.0.0',
      domain: 'localhost',
      region: 'us-east-1',
      gateways: os.availableParallelism(),
      databaseUrl: null,
      rootProvider: 'file',
      fips: 'off',
      kmsKeyId: null,
      kmsOldKeyIds: [],
      kmsEndpoint: null,
      kmsCaFile: null,
      vaultAddr: null,
      vaultMount: 'transit',
      vaultKey: null,
      vaultNamespace: null,
      vaultTokenFile: null,
      vaultCaFile: null,
      pkcs11Module: null,
      pkcs11Token: null,
      pkcs11Key: null,
      pkcs11PinFile: null,
      keystoreDir: path.join(directory, 'data', 'keystore'),
      rootKeyFile: path.join(directory, 'data/root-keys.json'),
      tlsCert: null,
      tlsKey: null,
      logLevel: 'info',
      namespaceEncryption: 'on',
      garbageGraceSeconds: 604_800,
      orphanGraceSeconds: 3_600,
      jobIntervalSeconds: 300,
      staleUploadDays: 7,
      smallObjectBytes: 262_144,
      sosapi: 'on',
      storageClasses: [
        'STANDARD',
        'REDUCED_REDUNDANCY',
        'STANDARD_IA',
        'ONEZONE_IA',
        'INTELLIGENT_TIERING',
        'GLACIER_IR',
        'GLACIER',
        'DEEP_ARCHIVE',
      ],
      archiveClasses: ['GLACIER', 'DEEP_ARCHIVE'],
      lifecycleDaySeconds: 86_400,
      lifecycleIntervalSeconds: 300,
      logDeliverySeconds: 300,
      webhookAllowedAddresses: [],
      trustedProxies: [],
      mode: 'production',
    })
  })

  it('reads the file, and lets the environment win over it', () => {
    writeFile(JSON.stringify({ s3Port: 9100, consolePort: 3100, nodes: ['/n/1', '/n/2'] }))
    const config = read({ SCEAU_S3_PORT: '9200', SCEAU_REGION: '' })
    expect(config).toMatchObject({ s3Port: 9200, consolePort: 3100, nodes: ['/n/1', '/n/2'], region: 'us-east-1' })
  })

  it('splits the list of nodes at commas', () => {
    expect(read({ SCEAU_NODES: '/n/1, /n/2' }).nodes).toEqual(['/n/1', '/n/2'])
  })

  it('takes storage classes of its own, and none as archived that it was not told of', () => {
    const { storageClasses, archiveClasses } = read({ SCEAU_STORAGE_CLASSES: 'STANDARD, LUKEWARM, FROZEN' })
    expect([storageClasses, archiveClasses]).toEqual([['STANDARD', 'LUKEWARM', 'FROZEN'], []])
  })

  it('refuses storage classes that make no sense together', () => {
    expect(refusal({ SCEAU_STORAGE_CLASSES: 'COLD' })).toContain('SCEAU_STORAGE_CLASSES must name STANDARD')
    expect(refusal({ SCEAU_STORAGE_CLASSES: 'STANDARD,a b' })).toContain(
      'SCEAU_STORAGE_CLASSES must be names of capital',
    )
    expect(refusal({ SCEAU_STORAGE_CLASSES: 'STANDARD,STANDARD' })).toContain('names a class twice')
    expect(refusal({ SCEAU_ARCHIVE_CLASSES: 'ICE' })).toContain('SCEAU_ARCHIVE_CLASSES must be among')
    expect(refusal({ SCEAU_ARCHIVE_CLASSES: 'STANDARD' })).toContain('SCEAU_ARCHIVE_CLASSES cannot name STANDARD')
  })

  it('shortens the lifecycle day in development only', () => {
    expect(read({ SCEAU_LIFECYCLE_DAY_SECONDS: '2', NODE_ENV: 'development' }).lifecycleDaySeconds).toBe(2)
    expect(refusal({ SCEAU_LIFECYCLE_DAY_SECONDS: '2' })).toContain('SCEAU_LIFECYCLE_DAY_SECONDS is for development')
  })

  it('takes addresses and ranges to which webhooks may lead', () => {
    const allowed = read({ SCEAU_WEBHOOK_ALLOWED_ADDRESSES: '10.1.0.0/16, fd00::/8, 127.0.0.1' })
    expect(allowed.webhookAllowedAddresses).toEqual(['10.1.0.0/16', 'fd00::/8', '127.0.0.1'])
    for (const wrong of ['localhost', '10.0.0.0/33', '10.0.0.0/8/8', '::/129']) {
      expect(refusal({ SCEAU_WEBHOOK_ALLOWED_ADDRESSES: wrong })).toContain('must be addresses, or ranges')
    }
  })

  it('hands itself on to a child without a change', () => {
    const config = read({
      SCEAU_NODES: '/n/1,/n/2',
      DATABASE_URL: 'postgres://a:b@c/d',
      SCEAU_TLS_CERT: 'c',
      SCEAU_TLS_KEY: 'k',
    })
    expect(readConfig({ env: environmentOf(config), directory: '/' })).toEqual(config)
  })

  it('tells every mistake at once', () => {
    const message = refusal({
      SCEAU_S3_PORT: '70000',
      SCEAU_CONSOLE_PORT: 'abc',
      SCEAU_REDUNDANCY: 'triple',
      SCEAU_LOG_LEVEL: 'loud',
      SCEAU_S3PORT: '9000',
    })
    expect(message.split('\n')).toEqual([
      'The configuration is wrong.',
      '  SCEAU_S3PORT is not a setting: did you mean SCEAU_S3_PORT?',
      expect.stringMatching(/^ {2}SCEAU_REDUNDANCY .*"single".*\(it is "triple"\)$/),
      '  SCEAU_S3_PORT must be at most 65535 (it is "70000")',
      '  SCEAU_CONSOLE_PORT must be a whole number (it is "abc")',
      expect.stringMatching(/^ {2}SCEAU_LOG_LEVEL .*\(it is "loud"\)$/),
    ])
  })

  it('never prints a secret', () => {
    const message = refusal({ DATABASE_URL: 'mysql://root:hunter2@db/x' })
    expect(message).toContain('DATABASE_URL must start with postgres://')
    expect(message).not.toContain('hunter2')
  })

  it('knows the variables that other programs of ours read', () => {
    expect(read({ SCEAU_RUNTIME: 'system', SCEAU_TEST_DATABASE_URL: 'x', SCEAU_ROOT_KEY: 'y' }).s3Port).toBe(9000)
  })

  it.each([
    ['not JSON', '{', 'sceau.config.json: must hold one JSON object'],
    ['a list', '[]', 'sceau.config.json: must hold one JSON object'],
    ['an unknown key', '{"s3port": 1}', 'sceau.config.json: s3port is not a setting: did you mean s3Port?'],
    ['an oversized file', ' '.repeat(65_537), 'sceau.config.json: is larger than 65536 bytes'],
  ])('refuses a file that is %s', (_, content, reason) => {
    writeFile(content)
    expect(refusal({})).toContain(reason)
  })

  it.each([
    [{ SCEAU_CONSOLE_PORT: '9000' }, 'SCEAU_CONSOLE_PORT must differ from SCEAU_S3_PORT'],
    [{ SCEAU_METRICS_PORT: '3000' }, 'SCEAU_METRICS_PORT must differ'],
    [{ SCEAU_TLS_CERT: '/c.pem' }, 'SCEAU_TLS_KEY is missing'],
    [{ SCEAU_TLS_KEY: '/k.pem' }, 'SCEAU_TLS_CERT is missing'],
    [{ SCEAU_ROOT_PROVIDER: 'env' }, 'SCEAU_ROOT_PROVIDER "env" is for development'],
    [{ SCEAU_ROOT_PROVIDER: 'aws-kms' }, 'SCEAU_KMS_KEY_ID is missing: SCEAU_ROOT_PROVIDER "aws-kms" needs it'],
    [{ SCEAU_ROOT_PROVIDER: 'vault', SCEAU_VAULT_KEY: 'k' }, 'SCEAU_VAULT_TOKEN_FILE is missing'],
    [{ SCEAU_ROOT_PROVIDER: 'pkcs11', SCEAU_PKCS11_TOKEN: 't' }, 'SCEAU_PKCS11_PIN_FILE is missing'],
    [{ SCEAU_PKCS11_TOKEN: 't'.repeat(33) }, 'SCEAU_PKCS11_TOKEN must be a label of at most 32 characters'],
    [{ SCEAU_VAULT_ADDR: 'http://vault:8200' }, 'SCEAU_VAULT_ADDR must be https://'],
    [{ SCEAU_VAULT_ADDR: 'https://vault:8200/v1' }, 'SCEAU_VAULT_ADDR must be https://host:port, without a path'],
    [{ SCEAU_VAULT_ADDR: 'https://me@vault' }, 'SCEAU_VAULT_ADDR must be https://'],
    [{ SCEAU_KMS_ENDPOINT: 'kms' }, 'SCEAU_KMS_ENDPOINT must be https://'],
    [{ SCEAU_VAULT_KEY: '../sys/seal' }, 'SCEAU_VAULT_KEY must be the name of a transit key'],
    [{ SCEAU_VAULT_MOUNT: 'a/../sys' }, 'SCEAU_VAULT_MOUNT must be the path of a transit engine'],
    [{ SCEAU_VAULT_NAMESPACE: 'a\nb' }, 'SCEAU_VAULT_NAMESPACE must be a namespace'],
    [{ SCEAU_NODES: '/n,/n' }, 'SCEAU_NODES names a directory twice'],
    [{ SCEAU_DOMAIN: 'Example.org' }, 'SCEAU_DOMAIN must be a host name'],
    [{ SCEAU_NODE_FULL_PERCENT: '49' }, 'SCEAU_NODE_FULL_PERCENT must be at least 50'],
    [{ SCEAU_NODE_FULL_PERCENT: '101' }, 'SCEAU_NODE_FULL_PERCENT must be at most 100'],
    [{ SCEAU_NODE_FULL_PERCENT: '97.5' }, 'SCEAU_NODE_FULL_PERCENT must be a whole number'],
    [{ SCEAU_SMALL_OBJECT_BYTES: '1048577' }, 'SCEAU_SMALL_OBJECT_BYTES must be at most 1048576'],
  ])('refuses %j', (env, reason) => {
    expect(refusal(env as Record<string, string>)).toContain(reason)
  })

  it('takes a key service, and hands its settings on to other processes', () => {
    const config = read({
      SCEAU_ROOT_PROVIDER: 'vault',
      SCEAU_VAULT_ADDR: 'http://127.0.0.1:8200',
      SCEAU_VAULT_KEY: 'sceau',
      SCEAU_VAULT_TOKEN_FILE: 'token',
      SCEAU_KMS_OLD_KEY_IDS: 'a, b',
    })
    expect(config).toMatchObject({
      vaultTokenFile: path.join(directory, 'token'),
      vaultMount: 'transit',
      kmsOldKeyIds: ['a', 'b'],
    })
    expect(read(environmentOf(config))).toEqual(config)
  })

  it('allows the root key in the environment for development', () => {
    expect(read({ SCEAU_ROOT_PROVIDER: 'env', NODE_ENV: 'development' })).toMatchObject({
      rootProvider: 'env',
      mode: 'development',
    })
  })
})
