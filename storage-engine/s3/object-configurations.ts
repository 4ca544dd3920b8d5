import { StorageError } from '#storage-engine/errors.ts'
import { byVersion, type Operation } from '#storage-engine/s3/operation.ts'
import { getObjectAcl } from '#storage-engine/s3/operations/get-object-acl.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'

/** Sub-resources of an object: none can be set yet, so each GET answers as for an untouched object, and the rest is refused. */
export const OBJECT_CONFIGURATIONS: Operation[] = [
  answered('GetObjectAcl', 'GET', 'acl', {
    action: byVersion('s3:GetObjectAcl', 's3:GetObjectVersionAcl'),
    run: getObjectAcl,
  }),
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

type RunOnObject = (request: ObjectRequest) => S3Response | Promise<S3Response>

function answered(
  name: string,
  method: Operation['method'],
  parameter: string,
  { action, run }: { action: ReturnType<typeof byVersion>; run: RunOnObject },
): Operation {
  return { name, method, on: 'object', query: [parameter], needs: 'object', action, run }
}

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

function refuseLockless(): never {
  throw new StorageError('InvalidRequest', { message: 'Bucket is missing Object Lock Configuration' })
}
