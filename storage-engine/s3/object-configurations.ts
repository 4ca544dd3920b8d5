import { byVersion, type Operation, type PermittedOperation } from '#storage-engine/s3/operation.ts'
import { deleteObjectTagging } from '#storage-engine/s3/operations/delete-object-tagging.ts'
import { getObjectAcl } from '#storage-engine/s3/operations/get-object-acl.ts'
import { getObjectAttributes } from '#storage-engine/s3/operations/get-object-attributes.ts'
import { getObjectLegalHold } from '#storage-engine/s3/operations/get-object-legal-hold.ts'
import { getObjectRetention } from '#storage-engine/s3/operations/get-object-retention.ts'
import { getObjectTagging } from '#storage-engine/s3/operations/get-object-tagging.ts'
import { getObjectTorrent } from '#storage-engine/s3/operations/get-object-torrent.ts'
import { putObjectAcl } from '#storage-engine/s3/operations/put-object-acl.ts'
import { putObjectLegalHold } from '#storage-engine/s3/operations/put-object-legal-hold.ts'
import { putObjectRetention } from '#storage-engine/s3/operations/put-object-retention.ts'
import { putObjectTagging } from '#storage-engine/s3/operations/put-object-tagging.ts'
import { restoreObject } from '#storage-engine/s3/operations/restore-object.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import type { S3Response } from '#storage-engine/s3/s3-response.ts'

/** Sub-resources of an object. */
export const OBJECT_CONFIGURATIONS: Operation[] = [
  answered('GetObjectAcl', 'GET', 'acl', {
    action: byVersion('s3:GetObjectAcl', 's3:GetObjectVersionAcl'),
    run: getObjectAcl,
  }),
  answered('PutObjectAcl', 'PUT', 'acl', {
    action: byVersion('s3:PutObjectAcl', 's3:PutObjectVersionAcl'),
    run: putObjectAcl,
  }),
  answered('GetObjectTagging', 'GET', 'tagging', {
    action: byVersion('s3:GetObjectTagging', 's3:GetObjectVersionTagging'),
    run: getObjectTagging,
  }),
  answered('PutObjectTagging', 'PUT', 'tagging', {
    action: byVersion('s3:PutObjectTagging', 's3:PutObjectVersionTagging'),
    passes: 'document',
    run: putObjectTagging,
  }),
  answered('DeleteObjectTagging', 'DELETE', 'tagging', {
    action: byVersion('s3:DeleteObjectTagging', 's3:DeleteObjectVersionTagging'),
    run: deleteObjectTagging,
  }),
  answered('GetObjectRetention', 'GET', 'retention', { action: 's3:GetObjectRetention', run: getObjectRetention }),
  answered('PutObjectRetention', 'PUT', 'retention', {
    action: 's3:PutObjectRetention',
    passes: 'document',
    run: putObjectRetention,
  }),
  answered('GetObjectLegalHold', 'GET', 'legal-hold', { action: 's3:GetObjectLegalHold', run: getObjectLegalHold }),
  answered('PutObjectLegalHold', 'PUT', 'legal-hold', {
    action: 's3:PutObjectLegalHold',
    passes: 'document',
    run: putObjectLegalHold,
  }),
  answered('GetObjectAttributes', 'GET', 'attributes', {
    action: byVersion('s3:GetObjectAttributes', 's3:GetObjectVersionAttributes'),
    run: getObjectAttributes,
  }),
  answered('GetObjectTorrent', 'GET', 'torrent', { action: 's3:GetObjectTorrent', run: getObjectTorrent }),
  answered('RestoreObject', 'POST', 'restore', { action: 's3:RestoreObject', run: restoreObject }),
  refused('SelectObjectContent', 'POST', 'select'),
  refused('RenameObject', 'PUT', 'renameObject'),
  refused('UpdateObjectEncryption', 'PUT', 'encryption'),
]

type RunOnObject = (request: ObjectRequest) => S3Response | Promise<S3Response>

function answered(
  name: string,
  method: Operation['method'],
  parameter: string,
  permitted: { action: PermittedOperation['action']; passes?: 'document'; run: RunOnObject },
): Operation {
  return { name, method, on: 'object', query: [parameter], needs: 'object', ...permitted }
}

function refused(name: string, method: Operation['method'], parameter: string): Operation {
  return { name, method, on: 'object', query: [parameter], needs: 'not-implemented' }
}
