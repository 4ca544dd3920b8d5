import type { BucketEncryption } from '#storage-engine/bucket-settings.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { XmlElement } from '#storage-engine/s3/xml-reader.ts'
import { childrenOf, childText, expectChildren, expectRoot, onlyChild, readXml } from '#storage-engine/s3/xml-reader.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

const ROOT = 'ServerSideEncryptionConfiguration'
const KEY_LENGTH_MAX = 2048

/**
 * Reads a ServerSideEncryptionConfiguration. A rule that only blocks a kind of encryption leaves the default one, AES256.
 * Throws MalformedXML, InvalidArgument, and NotImplemented for dual-layer encryption.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html
 */
export function readBucketEncryption(content: Buffer): BucketEncryption {
  const rule = onlyChild(expectChildren(expectRoot(readXml(content), ROOT), ['Rule']), 'Rule')
  if (rule === null || rule.children.size === 0) throw new StorageError('MalformedXML')
  expectChildren(rule, ['ApplyServerSideEncryptionByDefault', 'BlockedEncryptionTypes', 'BucketKeyEnabled'])
  const blocked = readBlocked(rule)
  return {
    ...readDefault(onlyChild(rule, 'ApplyServerSideEncryptionByDefault')),
    isBucketKeyEnabled: readFlag(childText(rule, 'BucketKeyEnabled')),
    ...(blocked === null ? {} : { blocked }),
  }
}

function readDefault(byDefault: XmlElement | null): Pick<BucketEncryption, 'algorithm' | 'kmsKeyId'> {
  if (byDefault === null) return { algorithm: 'AES256' }
  expectChildren(byDefault, ['SSEAlgorithm', 'KMSMasterKeyID'])
  const algorithm = childText(byDefault, 'SSEAlgorithm')?.trim()
  const kmsKeyId = childText(byDefault, 'KMSMasterKeyID')?.trim() || null
  if (algorithm === 'aws:kms:dsse') {
    throw new StorageError('NotImplemented', {
      message: 'Dual-layer server-side encryption is not implemented. Use aws:kms.',
    })
  }
  if (algorithm !== 'AES256' && algorithm !== 'aws:kms') throw new StorageError('MalformedXML')
  if (kmsKeyId === null) return { algorithm }
  if (algorithm === 'AES256') {
    throw invalid(
      'KMSMasterKeyID',
      kmsKeyId,
      'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms',
    )
  }
  if (kmsKeyId.length > KEY_LENGTH_MAX || !/^[\x21-\x7e]+$/.test(kmsKeyId)) {
    throw invalid('KMSMasterKeyID', kmsKeyId.slice(0, 100), 'The KMSMasterKeyID is not valid.')
  }
  return { algorithm, kmsKeyId }
}

function readFlag(text: string | null): boolean {
  const value = text?.trim() ?? 'false'
  if (value === 'true' || value === 'false') return value === 'true'
  throw new StorageError('MalformedXML')
}

/** `NONE` blocks nothing, and stands alone. */
function readBlocked(rule: XmlElement): string[] | null {
  const list = onlyChild(rule, 'BlockedEncryptionTypes')
  if (list === null) return null
  const types = childrenOf(expectChildren(list, ['EncryptionType']), 'EncryptionType').map(({ text }) => text.trim())
  const isKnown = types.length === 1 && (types[0] === 'SSE-C' || types[0] === 'NONE')
  if (!isKnown) throw new StorageError('MalformedXML')
  return types
}

function invalid(name: string, value: string, message: string): StorageError {
  return new StorageError('InvalidArgument', { message, extra: { ArgumentName: name, ArgumentValue: value } })
}

export function bucketEncryptionXml({ algorithm, kmsKeyId, isBucketKeyEnabled, blocked }: BucketEncryption): string {
  const byDefault = element('KMSMasterKeyID', kmsKeyId ?? null) + element('SSEAlgorithm', algorithm)
  const types = blocked?.map((type) => element('EncryptionType', type)).join('')
  const rule = [
    `<ApplyServerSideEncryptionByDefault>${byDefault}</ApplyServerSideEncryptionByDefault>`,
    types === undefined ? '' : `<BlockedEncryptionTypes>${types}</BlockedEncryptionTypes>`,
    element('BucketKeyEnabled', isBucketKeyEnabled),
  ]
  return xmlDocument(ROOT, `<Rule>${rule.join('')}</Rule>`)
}
