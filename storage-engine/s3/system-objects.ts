import { md5Of } from '#storage-engine/crypto/md5.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Operation } from '#storage-engine/s3/operation.ts'
import type { KeyRequest } from '#storage-engine/s3/s3-request.ts'
import type { S3Response } from '#storage-engine/s3/s3-response.ts'
import { element, XML_DECLARATION } from '#storage-engine/xml-text.ts'

/**
 * The Smart Object Storage API of Veeam: two objects that every bucket has, by which backup software learns what the store
 * can do and how full it is. They are made when they are read, are listed nowhere, and cannot be written.
 */
const FOLDER = '.system-d26a9498-cb7c-4a87-a44a-8ae204f5ba6c/'
const SYSTEM_KEY = `${FOLDER}system.xml`
const CAPACITY_KEY = `${FOLDER}capacity.xml`

/** The protocol wants quotation marks within these two. */
const PROTOCOL_VERSION = '"1.0"'
const MODEL_NAME = '"Sceau"'
/** What Veeam cuts backups into: a large block is one request and one flush where small ones are many. */
const BLOCK_SIZE_KIB = 4096

type ObjectOperation = Extract<Operation, { needs: 'object' | 'key' }>

/** Whether the key is one of the two. */
export function isSystemKey(key: string): boolean {
  return key === SYSTEM_KEY || key === CAPACITY_KEY
}

/** The row for a system object in the place of the one that its key would select otherwise. Throws MethodNotAllowed. */
export function systemOperationOf(operation: Operation, method: string): ObjectOperation {
  const { name } = operation
  if (name !== 'GetObject' && name !== 'HeadObject') {
    throw new StorageError('MethodNotAllowed', { extra: { Method: method, ResourceType: 'OBJECT' } })
  }
  return {
    name,
    method: name === 'GetObject' ? 'GET' : 'HEAD',
    on: 'object',
    needs: 'key',
    action: 's3:GetObject',
    run: getSystemObject,
  }
}

async function getSystemObject({ engine, key, method }: KeyRequest): Promise<S3Response> {
  const body = Buffer.from(XML_DECLARATION + (key === SYSTEM_KEY ? systemXml() : await capacityXml(engine)))
  const headers = [
    'ETag',
    `"${md5Of([body]).toString('hex')}"`,
    'Last-Modified',
    new Date().toUTCString(),
    'Content-Type',
    'application/xml',
  ]
  if (method !== 'HEAD') return { status: 200, headers, body }
  return { status: 200, headers: [...headers, 'Content-Length', String(body.length)], body: null }
}

/** Upload sessions steer clients to nodes, of which a pool shows none; keys are given out by administrators. */
function systemXml(): string {
  const capabilities = element('CapacityInfo', true) + element('UploadSessions', false) + element('IAMSTS', false)
  const content = [
    element('ProtocolVersion', PROTOCOL_VERSION),
    element('ModelName', MODEL_NAME),
    `<ProtocolCapabilities>${capabilities}</ProtocolCapabilities>`,
    `<SystemRecommendations>${element('KbBlockSize', BLOCK_SIZE_KIB)}</SystemRecommendations>`,
  ]
  return `<SystemInfo>${content.join('')}</SystemInfo>`
}

/** Of all nodes that are there, in bytes. */
async function capacityXml({ blobs }: Engine): Promise<string> {
  const nodes = await blobs.status()
  const sum = (field: 'totalBytes' | 'freeBytes' | 'usedBytes') => nodes.reduce((total, node) => total + node[field], 0)
  const content = [
    element('Capacity', sum('totalBytes')),
    element('Available', sum('freeBytes')),
    element('Used', sum('usedBytes')),
  ]
  return `<CapacityInfo>${content.join('')}</CapacityInfo>`
}
