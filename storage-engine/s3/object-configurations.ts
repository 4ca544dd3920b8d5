import { StorageError } from '#storage-engine/errors.ts'
import { aclXml } from '#storage-engine/s3/bucket-configurations.ts'
import type { Operation } from '#storage-engine/s3/operation.ts'
import { ownerXml } from '#storage-engine/s3/owner-xml.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'

/** Sub-resources of an object: none can be set yet, so each GET answers as for an untouched object, and the rest is refused. */
export const OBJECT_CONFIGURATIONS: Operation[] = [
  untouched('GetObjectAcl', 'acl', getAcl),
  refused('PutObjectAcl', 'PUT', 'acl'),
  untouched('GetObjectTagging', 'tagging', () => xmlResponse(xmlDocument('Tagging', '<TagSet></TagSet>'))),
  refused('PutObjectTagging', 'PUT', 'tagging'),
  refused('DeleteObjectTagging', 'DELETE', 'tagging'),
  untouched('GetObjectRetention', 'retention', refuseLockless),
  refused('PutObjectRetention', 'PUT', 'retention'),
  untouched('GetObjectLegalHold', 'legal-hold', refuseLockless),
  refused('PutObjectLegalHold', 'PUT', 'legal-hold'),
  refused('GetObjectAttributes', 'GET', 'attributes'),
  refused('GetObjectTorrent', 'GET', 'torrent'),
  refused('RestoreObject', 'POST', 'restore'),
  refused('SelectObjectContent', 'POST', 'select'),
  refused('RenameObject', 'PUT', 'renameObject'),
  refused('UpdateObjectEncryption', 'PUT', 'encryption'),
]

function untouched(
  name: string,
  parameter: string,
  run: (request: ObjectRequest) => S3Response | Promise<S3Response>,
): Operation {
  return {
    name,
    method: 'GET',
    on: 'object',
    query: [parameter],
    needs: 'object',
    action: `s3:${name}`,
    run,
    isUntouched: true,
  }
}

function refused(name: string, method: Operation['method'], parameter: string): Operation {
  return { name, method, on: 'object', query: [parameter], needs: 'not-implemented' }
}

async function getAcl({ object, owners }: ObjectRequest): Promise<S3Response> {
  return xmlResponse(aclXml(ownerXml('Owner', await owners.getOwner(object.ownerId))))
}

function refuseLockless(): never {
  throw new StorageError('InvalidRequest', { message: 'Bucket is missing Object Lock Configuration' })
}
